import { expect, test } from "vitest";
import { chosenMinutes, placeOf, pressed } from "./chosen-minutes";

const minutes = ["2026-11-27T10:00:00.000Z", "2026-11-27T10:01:00.000Z", "2026-11-27T10:02:00.000Z"];

test("a click chooses its minute, a drag all minutes it went over, in either direction", () => {
  expect(chosenMinutes(minutes, { from: 1, to: 1 })).toEqual({ from: minutes[1], to: minutes[2] });
  const both = { from: minutes[0], to: "2026-11-27T10:03:00.000Z" };
  expect(chosenMinutes(minutes, { from: 0, to: 2 })).toEqual(both);
  expect(chosenMinutes(minutes, { from: 2, to: 0 })).toEqual(both);
  expect(chosenMinutes(minutes, { from: 2, to: 7 })).toBeNull();
});

test("a click that moves by a pixel across the border of two bars is one of them, and a drag stays a drag", () => {
  expect(pressed({ from: 0, to: 1 }, 1)).toEqual({ from: 1, to: 1 });
  expect(pressed({ from: 1, to: 0 }, -3)).toEqual({ from: 0, to: 0 });
  expect(pressed({ from: 0, to: 1 }, 12)).toEqual({ from: 0, to: 1 });
  expect(pressed({ from: 1, to: 0 }, -12)).toEqual({ from: 1, to: 0 });
});

test("what the chart library tells is the place of a bar, or none", () => {
  expect([2, "2", 0].map((told) => placeOf(told, 3))).toEqual([2, 2, 0]);
  expect([3, -1, "", null, undefined, "x", 1.5].map((told) => placeOf(told, 3))).toEqual(Array(7).fill(null));
});
