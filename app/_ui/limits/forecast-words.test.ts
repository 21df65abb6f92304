import { expect, test } from "vitest";
import { forecastWords } from "./forecast-words";

const NOW = Date.parse("2026-11-27T10:00:00Z");
const rest = { remaining: 5, exhaustedAt: null, exhaustedPace: null, observe: false, isRefusing: false };
const soon = { ...rest, exhaustedAt: "2026-11-27T10:43:00.000Z" };

test.each([
  ["nothing in sight", rest, null],
  ["a budget", { ...soon, exhaustedPace: "last_hour" }, "used up in 43 minutes at the last hour's rate"],
  ["a window", { ...soon, exhaustedPace: "window" }, "used up in 43 minutes at the rate of this window so far"],
  ["a bucket", { ...soon, exhaustedPace: "last_seconds" }, "used up in 43 minutes at the rate of the last seconds"],
  ["nothing left", { ...soon, remaining: 0 }, "used up: refuses calls now"],
  ["over", { ...soon, remaining: -3 }, "used up: refuses calls now"],
  ["only observed", { ...soon, remaining: 0, observe: true }, "used up, but only observed: refuses nothing"],
])("says when a limit is used up and at which rate: %s", (_name, line, words) => {
  expect(forecastWords(line, NOW)).toBe(words);
});

test("a budget that already refuses says so, and no time", () => {
  const refusing = { ...soon, exhaustedPace: "last_hour", isRefusing: true };
  expect(forecastWords(refusing, NOW)).toBe("refuses calls now: the rest is too small for them");
});
