import { deflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { inputOf } from "../input-of";
import { newReading, PAGES_MAX, PAGES_UNSEEN, pdfPages } from "./pdf-pages";

const pages = (...parts: (string | Buffer)[]) =>
  pdfPages(Buffer.concat(parts.map((one) => Buffer.from(one))).toString("base64"), newReading());
const HEAD = "%PDF-1.7\n";
const refs = (count: number) => Array.from({ length: count }, (_, at) => `${at + 10} 0 R`).join(" ");
const tree = (count: number) => `2 0 obj <</Type /Pages /Kids [${refs(count)}] /Count ${count}>> endobj\n`;
const page = (at: number) => `${at + 10} 0 obj <</Type /Page /Parent 2 0 R>> endobj\n`;
const all = (count: number) => Array.from({ length: count }, (_, at) => page(at)).join("");
const packed = (text: string, filter = "/Filter /FlateDecode") =>
  Buffer.concat([
    Buffer.from(`5 0 obj <</Type /ObjStm ${filter} /N 3>>\nstream\n`),
    filter === "" ? Buffer.from(text) : deflateSync(text),
    Buffer.from("\nendstream endobj\n"),
  ]);

test.each([
  ["plain objects", [HEAD, tree(60), all(60)], 60],
  ["packed objects", [HEAD, packed(tree(60) + all(60))], 60],
  ["packed objects without a filter", [HEAD, packed(tree(60) + all(60), "")], 60],
  ["pages that only the list names", [HEAD, tree(60)], 60],
  ["pages that the list leaves out", [HEAD, tree(1), all(60)], 60],
  ["a list that tells too few", [HEAD, tree(60).replace("/Count 60", "/Count 1")], 60],
  ["no list", [HEAD, all(60)], 60],
  ["other bytes before its beginning", ["\n".repeat(500), HEAD, all(7)], 7],
  ["fields of a form, and bookmarks", [HEAD, tree(3), `<</Kids [${refs(90)}]>> <</Type /Outlines /Count 800>>`], 3],
  ["more pages than any provider reads", [HEAD, tree(1).replace("/Count 1", "/Count 999999999")], PAGES_MAX],
])("%s: its pages are counted", (_name, parts, count) => {
  expect(pages(...parts)).toBe(count);
});

test.each([
  ["a page that is listed many times", [HEAD, `<</Type /Pages /Kids [${"3 0 R ".repeat(60)}]>>`, page(0)]],
  ["a name in another spelling", [HEAD, all(1).replace("/Page ", "/P#61ge ")]],
  ["encryption", [HEAD, all(1), "trailer <</Encrypt 9 0 R>>"]],
  ["another filter", [HEAD, packed(all(60), "/Filter [/ASCIIHexDecode /FlateDecode]")]],
  ["packed objects that are no such data", [HEAD, "<</Type /ObjStm /Filter /FlateDecode>> stream\nabc\nendstream"]],
  ["packed objects that do not end", [HEAD, "<</Type /ObjStm /Filter /FlateDecode>> stream\nabc"]],
  ["packed objects of gigabytes", [HEAD, ...Array.from({ length: 900 }, () => packed("x".repeat(500_000)))]],
  ["long lists, again and again", [HEAD, `/Kids [${"1234567890        12345        ".repeat(2000)}]`.repeat(2)]],
  ["lists without an end", [HEAD, "/Kids ".repeat(500_000)]],
])("%s: what cannot be seen counts as much", (_name, parts) => {
  expect(pages(...parts)).toBe(PAGES_UNSEEN);
});

test("all documents of a body share what may be read", () => {
  const reading = newReading();
  const one = Buffer.concat([Buffer.from(HEAD), packed(all(2))]).toString("base64");
  const counted = Array.from({ length: 3000 }, () => pdfPages(one, reading));
  expect(counted[0]).toBe(2);
  expect(counted.at(-1)).toBe(PAGES_UNSEEN);
});

test("what is no PDF has no pages", () => {
  expect(pages("hello")).toBe(0);
  expect(pages("")).toBe(0);
});

const small = Buffer.concat([Buffer.from(HEAD), packed(tree(400) + all(400))]).toString("base64");
const url = `data:application/pdf;base64,${small}`;
test.each([
  [
    "a document of Anthropic's",
    { type: "document", source: { type: "base64", media_type: "application/pdf", data: small } },
  ],
  ["a file of OpenAI's", { type: "file", file: { file_data: url } }],
  ["an input file", { type: "input_file", file_data: url }],
  ["a picture's address", { type: "image_url", image_url: { url } }],
  [
    "a document under the name of a picture",
    { type: "image", source: { type: "base64", media_type: "image/png", data: small } },
  ],
])("%s of 400 pages in a few kilobytes counts as 400 pictures", (_name, part) => {
  expect(small.length).toBeLessThan(10_000);
  expect(inputOf({ messages: [{ role: "user", content: [part] }] }).pictures).toBe(400);
});
