import { describe, expect, test } from "vitest";
import { asPublicError } from "@/lib/errors";
import { formBody } from "./form-body";
import { parseForm, parseOther } from "./parse-other";

describe("every prompt of a completion is answered, and held for", () => {
  test.each([
    ["one", "hello", undefined, 1],
    ["one of tokens", [1, 2, 3], undefined, 1],
    ["a list", ["a", "b", "c"], undefined, 3],
    ["a list of tokens", [[1, 2], [3]], undefined, 2],
    ["each of them several times", ["a", "b", "c"], 4, 12],
  ])("%s", (_name, prompt, n, choices) => {
    const body = { model: "m", prompt, max_tokens: 100, ...(n === undefined ? {} : { n }) };
    expect(parseOther("completions", body).choices).toBe(choices);
  });

  test.each([
    ["more than are served", Array.from({ length: 1025 }, () => "a")],
    ["text among tokens", [1, "a"]],
    ["nothing among texts", ["a", []]],
  ])("%s: refused", (_name, prompt) => {
    try {
      parseOther("completions", { model: "m", prompt });
      expect.unreachable();
    } catch (error) {
      expect(asPublicError(error)?.param).toMatch(/^prompt/);
    }
  });
});

test.each([
  ["a user", { user: "x\u0000y" }],
  ["a model", { model: "x\u0000y" }],
  ["a tier", { service_tier: "x\u0000y" }],
])("%s with a character that the books cannot keep is refused", (_name, more) => {
  for (const endpoint of ["completions", "moderations", "images", "speech", "rerank"] as const) {
    const all = { model: "m", prompt: "p", input: "i", voice: "v", query: "q", documents: ["d"] };
    expect(() => parseOther(endpoint, { ...all, ...more })).toThrow();
  }
});

describe("a form that a provider may read otherwise is refused", () => {
  const TYPE = "multipart/form-data; boundary=b";
  const part = (names: string, content: string) =>
    `--b\r\nContent-Disposition: form-data; ${names}\r\n\r\n${content}\r\n`;
  const parsed = (more: string) => {
    const sent = Buffer.from(`${part('name="model"', "m")}${part('name="file"; filename="a"', "x")}${more}--b--`);
    return () => parseForm("transcriptions", sent, formBody(sent, TYPE));
  };

  test.each([
    ["a list with a field's name", part('name="model[]"', "other")],
    ["a file with a field's name", part('name="model"; filename="a"', "other")],
    ["another spelling", part('name="Model"', "other")],
  ])("%s", (_name, more) => {
    expect(parsed(more)).toThrow();
  });

  test("lists of other names pass", () => {
    expect(parsed(part('name="timestamp_granularities[]"', "word"))).not.toThrow();
  });
});

test.each([
  ["short documents", ["a", "b"], 1],
  ["a hundred and one", Array.from({ length: 101 }, () => "a"), 2],
  ["long documents, which count as several", Array.from({ length: 10 }, () => "word ".repeat(50_000)), 13],
])("searches held for a rerank: %s", (_name, documents, most) => {
  expect(parseOther("rerank", { model: "m", query: "q", documents }).asks.pieces).toEqual([{ fee: "search", most }]);
});
