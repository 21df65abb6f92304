import { expect, test } from "vitest";
import { moneyAxis } from "./money-axis";

test.each([
  [8_300, ["$0", "$0.0025", "$0.0050", "$0.0075", "$0.0100"]],
  [2_600, ["$0", "$0.001", "$0.002", "$0.003"]],
  [16, ["$0", "$0.000005", "$0.000010", "$0.000015", "$0.000020"]],
  [1_340_000, ["$0", "$0.50", "$1.00", "$1.50"]],
  [7_900_000_000, ["$0", "$2,000", "$4,000", "$6,000", "$8,000"]],
])("an axis up to %i micro-dollars has round ticks with one number of decimals", (most, words) => {
  const axis = moneyAxis(most);
  expect(axis.ticks.map(axis.words)).toEqual(words);
});

test("an axis of nothing is one line", () => expect(moneyAxis(0).ticks).toEqual([0]));
