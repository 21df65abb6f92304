import { expect, test } from "vitest";
import { callsDayEarlier, lineThrough, roundTop } from "./day-earlier";

test("each minute has the calls of the same minute a day earlier, also when the figures are a minute behind", () => {
  const before = { from: "2026-11-27T10:01:00.000Z", callsPerMinute: [4, 0, 7] };
  const minutes = ["10:00", "10:01", "10:02", "10:03", "10:04"].map((time) => ({
    minute: `2026-11-28T${time}:00.000Z`,
  }));
  expect(callsDayEarlier(before, minutes)).toEqual([null, 4, 0, 7, null]);
});

test("a line goes from each known value to the next one, and has gaps elsewhere", () => {
  const bars = ["a", "b", "c", "d"].map((time) => ({ time }));
  const ends = lineThrough(bars, [1, 2, null, 4]).map(({ segment }) => segment.map(({ x, y }) => `${x}${y}`));
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
