import { expect, test } from "vitest";
import { leftWords } from "./left-words";

const line = (name: string, dimension: string, remaining: number, observe = false) => ({
  name,
  dimension,
  limit: 100,
  remaining,
  observe,
});

test("what is left is the smallest rest of each kind, in the order in which people ask", () => {
  const lines = [
    line("monthly budget", "cost_micro_usd", 2_400_000),
    line("per hour", "requests", 300),
    line("per minute", "requests", 46),
    line("tokens", "total_tokens", 1_200_000),
  ];
  expect(leftWords(lines)).toBe(
    "You have 46 requests (per minute), 1,200,000 tokens (tokens) and $2.40 (monthly budget) left.",
  );
});

test.each([
  ["every limit would be named", [line("per minute", "requests", 1), line("tokens", "total_tokens", 9)], null],
  [
    "the least of one kind",
    [line("per minute", "requests", 1), line("per day", "requests", 90)],
    "You have 1 request (per minute) left.",
  ],
  [
    "an overrun is nothing, not less",
    [line("per minute", "requests", -5), line("per day", "requests", 90)],
    "You have 0 requests (per minute) left.",
  ],
  ["only observed", [line("trial", "requests", 0, true)], null],
  ["no limits", [], null],
])("%s", (_what, lines, words) => {
  expect(leftWords(lines)).toBe(words);
});
