import { expect, test } from "vitest";
import { changeWords } from "./change-words";

test.each([
  [340, 100, "+240 %"],
  [85, 100, "-15 %"],
  [1200, 100, "12×"],
  [10_001, 10_000, "about the same"],
  [9_999, 10_000, "about the same"],
  [5, 0, "none before"],
  [0, 5, "now none"],
])("%d after %d is %s", (now, before, words) => {
  expect(changeWords(now, before)).toBe(words);
});
