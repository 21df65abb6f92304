import { describe, expect, test } from "vitest";
import { budgetForecast, forecastOf } from "./forecast";

const HOUR_MS = 3_600_000;
const bounds = { startMs: 0, endMs: 720 * HOUR_MS, nextEndMs: 1440 * HOUR_MS };
const check = { rule: { bounds, periodMs: bounds.endMs, capacity: 100_000 } };
const NOW = 100 * HOUR_MS;
const inHours = (hours: number) => new Date(NOW + hours * HOUR_MS).toISOString();

describe("one budget has one forecast, and it says what it goes by", () => {
  test.each([
    ["what the last hour burned", 20_000, 80_000, 20_000, { exhaustedAt: inHours(4), exhaustedPace: "last_hour" }],
    ["nothing burned", 20_000, 80_000, 0, { exhaustedAt: null, exhaustedPace: null }],
    ["not before the period ends", 20_000, 80_000, 10, { exhaustedAt: null, exhaustedPace: null }],
    ["used up", 100_000, 0, 10, { exhaustedAt: inHours(0), exhaustedPace: null }],
  ])("%s", (_name, used, left, burn, forecast) => {
    expect(forecastOf({ check, used, remaining: left }, NOW, burn)).toEqual(forecast);
    expect(budgetForecast({ left, perHour: burn, now: NOW }, check.rule)).toEqual(forecast);
  });
});

describe("a rolling budget has no end, and gives back what leaves its window", () => {
  const rolling = { rule: { bounds: null, periodMs: 24 * HOUR_MS, capacity: 100_000 } };
  test.each([
    ["a rate that fits into it for good", 80_000, 20_000, 4000, { exhaustedAt: null, exhaustedPace: null }],
    ["a rate that does not", 80_000, 20_000, 5000, { exhaustedAt: inHours(4), exhaustedPace: "last_hour" }],
    ["also past the end of a day", 10_000, 90_000, 4500, { exhaustedAt: inHours(20), exhaustedPace: "last_hour" }],
    ["nothing burned", 80_000, 20_000, 0, { exhaustedAt: null, exhaustedPace: null }],
    ["used up", 100_000, 0, 0, { exhaustedAt: inHours(0), exhaustedPace: null }],
  ])("%s", (_name, used, left, burn, forecast) => {
    expect(forecastOf({ check: rolling, used, remaining: left }, NOW, burn)).toEqual(forecast);
    expect(budgetForecast({ left, perHour: burn, now: NOW }, rolling.rule)).toEqual(forecast);
  });
});

test("a calendar window carries its own pace on, and says that it does", () => {
  const state = { check, used: 50, remaining: 50 };
  expect(forecastOf(state, NOW, null)).toEqual({ exhaustedAt: inHours(100), exhaustedPace: "window" });
  // In its first minute there is no pace yet, and at this one it lasts to its end.
  expect(forecastOf(state, 30_000, null).exhaustedAt).toBeNull();
  expect(forecastOf({ check, used: 5, remaining: 95 }, NOW, null).exhaustedAt).toBeNull();
});

test("what has no window has no forecast from one look at it", () => {
  const bucket = { rule: { bounds: null, periodMs: 60_000, capacity: 50 } };
  expect(forecastOf({ check: bucket, used: 4, remaining: 46 }, NOW, null)).toEqual({
    exhaustedAt: null,
    exhaustedPace: null,
  });
});
