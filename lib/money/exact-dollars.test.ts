import { expect, test } from "vitest";
import { exactDollars } from "./exact-dollars";

test("money in refusals and alerts is exact: never rounded to nothing, with commas between thousands", () => {
  const amounts = [0, 1, 26, 1600, 245_000, 250_000, 49_999_000, 50_000_000, 12_345_678_900_000, 0.4];
  expect(amounts.map(exactDollars)).toEqual([
    "$0.00",
    "$0.000001",
    "$0.000026",
    "$0.0016",
    "$0.2450",
    "$0.25",
    "$49.9990",
    "$50.00",
    "$12,345,678.90",
    "$0.00",
  ]);
});
