import { expect, test } from "vitest";
import { dollarsOf, lineOf, monthIn, statementRows, sumOf } from "./statement-lines";

const hours = ({ fromMs, toMs }: { fromMs: number; toMs: number }) => (toMs - fromMs) / 3_600_000;
const at = (ms: number) => new Date(ms).toISOString();

test("a month begins and ends where its zone has midnight, the clock's change included", () => {
  const berlin = monthIn("2026-10", "Europe/Berlin");
  expect([at(berlin.fromMs), at(berlin.toMs)]).toEqual(["2026-09-30T22:00:00.000Z", "2026-10-31T23:00:00.000Z"]);
  expect([hours(berlin), hours(monthIn("2026-10", "UTC"))]).toEqual([31 * 24 + 1, 31 * 24]);
  expect(hours(monthIn("2028-02", "UTC"))).toBe(29 * 24);
  expect(at(monthIn("2026-12", "UTC").toMs)).toBe("2027-01-01T00:00:00.000Z");
});

test.each([
  [0, "0.000000"],
  [1, "0.000001"],
  [1_234_567, "1.234567"],
  [-2_500_000, "-2.500000"],
  [9_007_199_254_740_991, "9007199254.740991"],
])("%i micro-dollars are $%s", (microUsd, text) => expect(dollarsOf(microUsd)).toBe(text));

test("the table has one line per part and the total first", () => {
  const sums = { calls: 2, inputTokens: 10, cachedInputTokens: 4, outputTokens: 6, costMicroUsd: 150 };
  const line = lineOf("m", "m", sums);
  const view = {
    tenant: "acme",
    name: "Acme",
    month: "2026-11",
    zone: "UTC",
    from: "",
    to: "",
    isOver: false,
    total: sumOf([line, line]),
    byModel: [line, line],
    byFeature: [line],
    byKey: [line],
    byDay: [line],
  };
  const rows = statementRows(view);
  expect(rows.map((row) => Reflect.get(row, "part"))).toEqual(["total", "model", "model", "feature", "key", "day"]);
  expect(rows[0]).toMatchObject({ calls: 4, cachedInputTokens: 8, costUsd: "0.000300" });
});
