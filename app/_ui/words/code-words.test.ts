import { expect, test } from "vitest";
import { codeWords } from "./code-words";

test("a code reads as words, and an abbreviation stays one", () => {
  expect(codeWords("rate_limit_exceeded")).toBe("rate limit exceeded");
  expect(codeWords("invalid_api_key")).toBe("invalid API key");
});
