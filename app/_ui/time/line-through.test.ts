import { expect, test } from "vitest";
import { lineThrough, roundTop } from "./line-through";

test("a line goes from each known value to the next one, and has gaps elsewhere", () => {
  const ends = lineThrough(["a", "b", "c", "d"], [1, 2, null, 4]).map(({ segment }) =>
    segment.map(({ x, y }) => `${x}${y}`),
  );
  expect(ends).toEqual([["a1", "b2"]]);
});

test.each([
  [0, 0],
  [7, 8],
  [58, 60],
  [340, 400],
])("an axis up to %i ends at %i", (most, top) => {
  expect(roundTop(most)).toBe(top);
});
