import { describe, expect, test } from "vitest";
import { PublicError } from "@/lib/errors";
import { fieldsOf, formBody, formWith, isFormType } from "./form-body";

const TYPE = "multipart/form-data; boundary=b";
const bytes = (text: string) => new TextEncoder().encode(text);
const part = (disposition: string, content: string) =>
  `--b\r\nContent-Disposition: ${disposition}\r\n\r\n${content}\r\n`;
const field = (name: string, content: string) => part(`form-data; name="${name}"`, content);
const FILE = `--b\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\nContent-Type: x/y\r\n\r\n--c\r\n\r\n-\r\n`;

test("a form's fields and files are found where they are, whatever a file holds", () => {
  const sent = bytes(`${field("model", "m")}${FILE}${field("prompt", "mehr €")}--b--\r\n`);
  const form = formBody(sent, TYPE);
  expect(form.parts.map(({ name, filename }) => [name, filename])).toEqual([
    ["model", null],
    ["file", "a.bin"],
    ["prompt", null],
  ]);
  expect(fieldsOf(sent, form)).toEqual({ model: "m", prompt: "mehr €" });
  const [, file] = form.parts;
  expect(Buffer.from(sent.slice(file?.start, file?.end)).toString()).toBe("--c\r\n\r\n-");
});

test("another model leaves every other byte as it came", () => {
  const sent = bytes(`${FILE}${field("model", "mine")}--b--`);
  const other = formWith(sent, formBody(sent, TYPE), { model: "theirs and longer", absent: "x" });
  expect(Buffer.from(other).toString()).toBe(`${FILE}${field("model", "theirs and longer")}--b--`);
});

test("a name of several values is an array's, and is left to the provider", () => {
  const sent = bytes(`${field("a[]", "1")}${field("a[]", "2")}${field("model", "m")}--b--`);
  expect(fieldsOf(sent, formBody(sent, TYPE))).toEqual({ model: "m" });
});

describe("what two readers could read in two ways is refused", () => {
  test.each([
    ["a preamble", `x\r\n${field("model", "m")}--b--`],
    ["no end", field("model", "m")],
    ["an end that is none", `${field("model", "m")}--b-`],
    ["blanks behind the boundary", `--b \r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n--b--`],
    ["bare line feeds", `--b\nContent-Disposition: form-data; name="model"\n\nm\n--b--`],
    ["no name", `${part("form-data", "m")}--b--`],
    ["two names", `${part('form-data; name="model"; name="x"', "m")}--b--`],
    ["a name in another form", `${part("form-data; name*=utf-8''model", "m")}--b--`],
    ["two dispositions", `${part('form-data; name="a"\r\nContent-Disposition: form-data; name="model"', "m")}--b--`],
    ["an encoding", `${part('form-data; name="model"\r\nContent-Transfer-Encoding: base64', "bQ==")}--b--`],
    ["headers without an end", `--b\r\n${"X: y\r\n".repeat(1000)}\r\nm\r\n--b--`],
    ["very many parts", `${field("a", "1").repeat(65)}--b--`],
    ["nothing", ""],
  ])("%s", (_what, text) => {
    expect(() => formBody(bytes(text), TYPE)).toThrow(PublicError);
  });

  test.each([
    ["a field that stands twice", `${field("model", "m")}${field("model", "n")}--b--`],
    ["a NUL", `${field("model", "m\u0000")}--b--`],
  ])("%s", (_what, text) => {
    const sent = bytes(text);
    expect(() => fieldsOf(sent, formBody(sent, TYPE))).toThrow(PublicError);
  });

  test("bytes that are no UTF-8", () => {
    const sent = Buffer.concat([bytes('--b\r\nContent-Disposition: form-data; name="p"\r\n\r\n'), Buffer.from([0xff])]);
    const whole = Buffer.concat([sent, bytes("\r\n--b--")]);
    expect(() => fieldsOf(whole, formBody(whole, TYPE))).toThrow(PublicError);
  });
});

test.each([
  ["multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW", true],
  ['Multipart/Form-Data;boundary="a b"', true],
  ["multipart/form-data", false],
  ["multipart/form-data; boundary=a; boundary=b", false],
  ["multipart/mixed; boundary=a", false],
  [undefined, false],
])("%s is a form: %s", (header, isForm) => {
  expect(isFormType(header)).toBe(isForm);
});
