import { expect, test } from "vitest";
import { callsDayEarlier } from "./day-earlier";

test("each minute has the calls of the same minute a day earlier, also when the figures are a minute behind", () => {
  const before = { from: "2026-11-27T10:01:00.000Z", callsPerMinute: [4, 0, 7] };
  const minutes = ["10:00", "10:01", "10:02", "10:03", "10:04"].map((time) => ({
    minute: `2026-11-28T${time}:00.000Z`,
  }));
  expect(callsDayEarlier(before, minutes)).toEqual([null, 4, 0, 7, null]);
});
