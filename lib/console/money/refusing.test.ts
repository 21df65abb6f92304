import { expect, test } from "vitest";
import { refusesNow } from "./refusing";

const tokens = { layer: "tenant", dimension: "total_tokens", name: "tokens-per-minute" };
const refused = [{ ...tokens, asked: 400 }];

test.each<[string, number, boolean]>([
  ["a rest too small for the smallest refused call", 399, true],
  ["nothing left", 0, true],
  ["debt", -20, true],
  ["a rest that this call fits into", 400, false],
  ["a window that began again: nothing is used", 60_000, false],
])("a limit refuses now only if a call that it refused lately would not fit now: %s", (_name, remaining, refuses) => {
  expect(refusesNow({ ...tokens, remaining }, refused)).toBe(refuses);
});

test("a refusal by another limit, layer or dimension says nothing", () => {
  expect(refusesNow({ ...tokens, name: "tokens-per-day", remaining: 0 }, refused)).toBe(false);
  expect(refusesNow({ ...tokens, layer: "user", remaining: 0 }, refused)).toBe(false);
  expect(refusesNow({ ...tokens, dimension: "requests", remaining: 0 }, refused)).toBe(false);
});
