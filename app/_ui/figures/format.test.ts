import { expect, test } from "vitest";
import { dollars, dollarsAlike, dollarsExact, inSentence } from "./format";

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
    ["$2.5000", "<$0.0001"],
  ],
  [
    [12_345_678_900, 16],
    ["$12,345.68", "<$0.01"],
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

test("lines of a statement are not rounded: they add up to their total as printed", () => {
  expect([33_335_000, 33_335_000, 33_335_000, 100_005_000].map(dollarsExact([33_335_000, 100_005_000]))).toEqual([
    "$33.3350",
    "$33.3350",
    "$33.3350",
    "$100.0050",
  ]);
  expect([1, 12_345_678_900_000].map(dollarsExact([1, 12_345_678_900_000]))).toEqual([
    "$0.000001",
    "$12,345,678.900000",
  ]);
  expect([0, 5_000_000].map(dollarsExact([0, 5_000_000]))).toEqual(["$0.00", "$5.00"]);
});

test("heads of tables keep their proper letters inside a sentence", () => {
  expect(["API key", "Cost (US $)", "Client address", "Everyone"].map(inSentence)).toEqual([
    "API key",
    "cost (US $)",
    "client address",
    "everyone",
  ]);
});
