import { describe, expect, test } from "vitest";
import { asPublicError } from "@/lib/errors";
import { parseOther } from "./parse-other";

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
