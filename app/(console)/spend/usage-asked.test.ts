import { expect, test } from "vitest";
import type { TimeChoice } from "../../_ui/time/time-range";
import {
  type Asked,
  bucketsOf,
  earlierBars,
  firstUsagePath,
  sumPerBar,
  usageBeforePath,
  usagePath,
} from "./usage-asked";

const NOW = Date.parse("2026-03-10T12:20:00Z");
const asked = (change: Partial<TimeChoice>, more: Partial<Asked> = {}): Asked => ({
  choice: { range: "24h", from: null, to: null, month: null, ...change },
  by: "tenant",
  tenant: null,
  ...more,
});
const short = (path: string | null) =>
  decodeURIComponent(path ?? "none")
    .replaceAll(":00:00.000Z", "h")
    .replace("usage?", "")
    .replace(/&top=\d+$/, "");

test.each([
  ["a day by the hour, the running one with it", asked({}), "grain=hour&by=tenant&from=2026-03-09T13h", 24],
  ["thirty days by the day", asked({ range: "30d" }), "grain=day&by=tenant&from=2026-02-09T00h", 30],
  ["users by the day", asked({}, { by: "user" }), "grain=day&by=user&from=2026-03-10T00h", 1],
  [
    "an afternoon, of one tenant",
    asked({ from: "2026-03-03T14:00:00Z", to: "2026-03-03T15:30:00Z" }, { tenant: "acme" }),
    "grain=hour&by=tenant&from=2026-03-03T14h&to=2026-03-03T16h&tenant=acme",
    2,
  ],
  [
    "a month that is over",
    asked({ month: "2026-02" }),
    "grain=day&by=tenant&from=2026-02-01T00h&to=2026-03-01T00h",
    28,
  ],
  ["the running month", asked({ month: "2026-03" }), "grain=day&by=tenant&from=2026-03-01T00h", 10],
  [
    "an hour of last year: hours are no longer kept",
    asked({ from: "2025-03-03T14:00:00Z", to: "2025-03-03T15:00:00Z" }),
    "grain=day&by=tenant&from=2025-03-03T00h&to=2025-03-04T00h",
    1,
  ],
])("asks for whole hours or days: %s", (_name, one, path, bars) => {
  expect(short(usagePath(one, NOW))).toBe(path);
  const { from, last, step } = bucketsOf(one, NOW);
  expect((last - from) / step + 1).toBe(bars);
});

test("only a time that goes on has a last bar that is not over", () => {
  expect(bucketsOf(asked({}), NOW).isRunning).toBe(true);
  expect(bucketsOf(asked({ month: "2026-03" }), NOW).isRunning).toBe(true);
  expect(bucketsOf(asked({ month: "2026-02" }), NOW).isRunning).toBe(false);
});

test.each([
  ["a day", asked({}), "grain=hour&by=tenant&from=2026-03-08T14h&to=2026-03-09T13h&total=true"],
  [
    "the running month",
    asked({ month: "2026-03" }),
    "grain=hour&by=tenant&from=2026-02-01T00h&to=2026-02-10T12h&total=true",
  ],
  ["a month", asked({ month: "2026-02" }), "grain=hour&by=tenant&from=2026-01-01T00h&to=2026-02-01T00h&total=true"],
])("the period before is as long as what has passed: %s", (_name, one, path) => {
  expect(short(usageBeforePath(one, NOW))).toBe(path);
});

test("the read that comes with the page is the one that its chart asks", () => {
  expect(firstUsagePath({}, null, NOW)).toBe(usagePath(asked({}), NOW));
  expect(firstUsagePath({ by: "nobody", range: "2y" }, null, NOW)).toBe(usagePath(asked({}), NOW));
  expect(firstUsagePath({ by: "key", range: "7d", tenant: "acme" }, null, NOW)).toBe(
    usagePath(asked({ range: "7d" }, { by: "key", tenant: "acme" }), NOW),
  );
  expect(firstUsagePath({ month: "2026-02" }, "acme", NOW)).toBe(
    usagePath(asked({ month: "2026-02" }, { by: "model", tenant: "acme" }), NOW),
  );
});

test.each([
  ["a day", asked({}), null, "grain=hour&by=tenant&from=2026-03-08T13h&to=2026-03-09T13h"],
  [
    "a day, of one tag",
    asked({}, { by: "tag" }),
    "a&b",
    "grain=hour&by=tag&from=2026-03-08T13h&to=2026-03-09T13h&tag=a&b",
  ],
  ["thirty days", asked({ range: "30d" }), null, "grain=day&by=tenant&from=2026-01-10T00h&to=2026-02-09T00h"],
  ["the running month", asked({ month: "2026-03" }), null, "grain=day&by=tenant&from=2026-02-01T00h&to=2026-02-11T00h"],
  ["hours that are no longer kept", asked({ from: "2025-12-02T00:00:00Z", to: "2025-12-03T00:00:00Z" }), null, "none"],
])("the earlier bars stand under those of the chart: %s", (_name, one, tag, path) => {
  expect(short(earlierBars(one, tag, NOW)?.path ?? null)).toBe(path);
});

test("each bar has its sum in the previous period, and none behind its end", () => {
  const [from, step] = [Date.parse("2026-02-27T00:00:00Z"), 86_400_000];
  const rows = [
    { bucket: "2026-02-28T00:00:00.000Z", costMicroUsd: 3 },
    { bucket: "2026-02-28T00:00:00.000Z", costMicroUsd: 4 },
    { bucket: null, costMicroUsd: 5 },
  ];
  expect(sumPerBar(rows, { from, to: from + 2 * step }, { step, buckets: 3 })).toEqual([0, 7, null]);
});
