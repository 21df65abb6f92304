import { expect, test } from "vitest";
import { dollars, dollarsAlike } from "./format";

test.each([
  [
    [4_665, 3_945, 720],
    ["$0.004665", "$0.003945", "$0.000720"],
  ],
  [
    [1_200_000, 40_000],
    ["$1.20", "$0.04"],
  ],
  [
    [2_500_000, 16],
    ["$2.5000", "$0.0000"],
  ],
  [
    [12_345_678_900, 16],
    ["$12,345.68", "$0.00"],
  ],
  [[], []],
])("sums of one column have one number of decimals: %j", (all, words) => {
  expect(all.map(dollarsAlike(all))).toEqual(words);
});

test.each([
  [0, "$0.00"],
  [200_000, "$0.20"],
  [1_200_000, "$1.20"],
  [1_204_900, "$1.20"],
  [204_900, "$0.2049"],
  [4_000, "$0.0040"],
  [-4_000, "-$0.0040"],
  [999, "$0.000999"],
])("%d micro-dollars are %s: two, four or six decimals, never one or three", (microUsd, words) => {
  expect(dollars(microUsd)).toBe(words);
});
