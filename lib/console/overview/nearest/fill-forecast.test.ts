import { expect, test } from "vitest";
import type { Dimension } from "@/lib/limits/rules/dimensions";
import { FillForecast } from "./fill-forecast";

const T0 = 1_795_000_000_000;
const of = (dimension: Dimension) => ({ counter: "a", dimension });

test("a counter that rises evenly is used up when the rest is, at the rate of the last seconds", () => {
  const fillForecast = new FillForecast();
  const at = (seconds: number, used: number) =>
    fillForecast.untilUsedUp(of("requests"), T0 + seconds * 1000, { used, left: 100 - used });
  expect(at(0, 10)).toBeNull();
  expect(at(2, 14)).toBeNull();
  // Two units a second and 80 left: forty seconds.
  expect(at(5, 20)).toBe(40_000);
  expect(at(10, 30)).toBe(35_000);
  // It stays level, then falls: it will not be used up.
  expect(at(16, 30)).not.toBeNull();
  expect(at(22, 30)).toBeNull();
  expect(at(28, 20)).toBeNull();
});

test("a counter that was not read for a while starts again, and so does one whose clock steps back", () => {
  const fillForecast = new FillForecast();
  const at = (seconds: number, used: number) =>
    fillForecast.untilUsedUp(of("requests"), T0 + seconds * 1000, { used, left: 50 });
  at(0, 0);
  expect(at(60, 40)).toBeNull();
  expect(at(66, 46)).toBe(50_000);
  expect(at(10, 47)).toBeNull();
  expect(at(16, 53)).toBe(50_000);
  fillForecast.forget(T0 + 90_000);
  expect(at(20, 60)).toBeNull();
});

test("four of fifty calls at once are no forecast, however fast they came", () => {
  const fillForecast = new FillForecast();
  const at = (seconds: number, used: number) =>
    fillForecast.untilUsedUp(of("concurrency"), T0 + seconds * 1000, { used, left: 50 - used });
  expect([at(0, 0), at(5, 2), at(10, 4)]).toEqual([null, null, null]);
});
