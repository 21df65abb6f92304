import { describe, expect, test } from "vitest";
import {
  dayQuery,
  fieldOf,
  isPreset,
  momentIn,
  monthBack,
  periodBefore,
  spanOf,
  spanQuery,
  type TimeChoice,
} from "./time-range";

const NOW = Date.parse("2026-03-10T12:00:00Z");
const choice: TimeChoice = { range: "24h", from: null, to: null, month: null };
const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString().replace(":00.000Z", ""));
const bounds = (one: { from: number | null; to: number | null } | null) =>
  one === null ? null : [iso(one.from), iso(one.to)];

describe("what is chosen", () => {
  test.each<[string, Partial<TimeChoice>, (string | null)[]]>([
    ["a preset counts from now and goes on", {}, ["2026-03-09T12:00", null]],
    ["all has no beginning", { range: "all" }, [null, null]],
    [
      "a from and a to hold over the preset",
      { from: "2026-03-03T14:00:00Z", to: "2026-03-03T15:00:00Z" },
      ["2026-03-03T14:00", "2026-03-03T15:00"],
    ],
    ["a from alone goes on", { from: "2026-03-03T14:00:00Z" }, ["2026-03-03T14:00", null]],
    ["a month that is over has its end", { month: "2026-02" }, ["2026-02-01T00:00", "2026-03-01T00:00"]],
    ["the running month goes on", { month: "2026-03" }, ["2026-03-01T00:00", null]],
    ["nonsense counts as not chosen", { month: "2026-13", from: "yesterday" }, ["2026-03-09T12:00", null]],
  ])("%s", (_name, change, span) => {
    expect(bounds(spanOf({ ...choice, ...change }, NOW))).toEqual(span);
  });

  test("only a preset that holds is shown as chosen", () => {
    expect(isPreset(choice)).toBe(true);
    expect(isPreset({ ...choice, month: "nonsense" })).toBe(true);
    expect(isPreset({ ...choice, month: "2026-02" })).toBe(false);
    expect(isPreset({ ...choice, to: "2026-03-03T15:00:00Z" })).toBe(false);
  });
});

describe("the period before is as long as what has passed", () => {
  test.each<[string, Partial<TimeChoice>, (string | null)[] | null]>([
    ["of a preset", {}, ["2026-03-08T12:00", "2026-03-09T12:00"]],
    [
      "of an hour",
      { from: "2026-03-03T14:00:00Z", to: "2026-03-03T15:00:00Z" },
      ["2026-03-03T13:00", "2026-03-03T14:00"],
    ],
    [
      "of a time that ends tomorrow",
      { from: "2026-03-10T06:00:00Z", to: "2026-03-11T06:00:00Z" },
      ["2026-03-10T00:00", "2026-03-10T06:00"],
    ],
    ["of a month that is over: the whole one before", { month: "2026-02" }, ["2026-01-01T00:00", "2026-02-01T00:00"]],
    ["of the running month: the same days before", { month: "2026-03" }, ["2026-02-01T00:00", "2026-02-10T12:00"]],
    ["of all there is none", { range: "all" }, null],
  ])("%s", (_name, change, before) => {
    expect(bounds(periodBefore({ ...choice, ...change }, NOW))).toEqual(before);
  });

  test("the 31st of a month is compared with no day after the month before", () => {
    const late = Date.parse("2026-03-31T12:00:00Z");
    expect(bounds(periodBefore({ ...choice, month: "2026-03" }, late))).toEqual([
      "2026-02-01T00:00",
      "2026-03-01T00:00",
    ]);
  });
});

test("fields of date and time are read in the zone in which they are written", () => {
  const ms = Date.parse("2026-03-03T14:05:00Z");
  expect(fieldOf(ms, "utc")).toBe("2026-03-03T14:05");
  expect(momentIn("2026-03-03T14:05", "utc")).toBe("2026-03-03T14:05:00.000Z");
  for (const zone of ["utc", "local"] as const)
    expect(momentIn(fieldOf(ms, zone), zone)).toBe(new Date(ms).toISOString());
  expect(momentIn("", "local")).toBeNull();
  expect(momentIn("soon", "utc")).toBeNull();
  expect(fieldOf(null, "utc")).toBe("");
});

describe("what the API is asked for", () => {
  test("moments, and only the bounds that are set", () => {
    expect(spanQuery({ ...choice, range: "all" }, NOW)).toEqual({});
    expect(spanQuery(choice, NOW)).toEqual({ from: "2026-03-09T12:00:00.000Z" });
    expect(spanQuery({ ...choice, month: "2026-02" }, NOW)).toEqual({
      from: "2026-02-01T00:00:00.000Z",
      to: "2026-03-01T00:00:00.000Z",
    });
  });

  test("days, the last one included: a month has none of the month after", () => {
    expect(dayQuery({ ...choice, month: "2026-02" }, NOW)).toEqual({ from: "2026-02-01", to: "2026-02-28" });
    expect(dayQuery({ ...choice, from: "2026-03-03T14:00:00Z", to: "2026-03-04T00:00:01Z" }, NOW)).toEqual({
      from: "2026-03-03",
      to: "2026-03-04",
    });
    expect(dayQuery({ ...choice, range: "7d" }, NOW)).toEqual({ from: "2026-03-03" });
  });

  test("the month before January is December of the year before", () => {
    expect([monthBack(new Date("2026-01-31T23:59:59Z"), 1), monthBack(new Date(NOW), 0)]).toEqual([
      "2025-12",
      "2026-03",
    ]);
  });
});
