import { expect, test } from "vitest";
import type { AuditRow } from "@/db/queries/operators/audit";
import { publicationsOf } from "./publications";

const limit = (capacity: number) => ({
  name: "requests-per-minute",
  layer: "tenant",
  dimension: "requests",
  algorithm: "token_bucket",
  capacity,
  refill: null,
  windowSeconds: 60,
  calendarPeriod: null,
  burstCredit: null,
  observe: false,
  onExceed: "refuse",
  failureMode: "local",
  match: {},
});
const version = (number: number) => ({ version: number, limits: [{ ...limit(number * 10), id: `l${number}` }] });
const file = (numbers: Record<string, number>) => ({
  versions: numbers,
  tiers: Object.entries(numbers).map(([slug, number]) => ({ slug, limits: [limit(number * 10)] })),
});
const row = (at: number, before: unknown, after: unknown): AuditRow => ({
  seq: at,
  at: new Date(at),
  actor: "ann",
  role: "admin",
  address: "",
  action: "",
  target: "free",
  before,
  after,
  reason: null,
  previousHash: "",
  hash: "",
});
const told = (rows: AuditRow[]) =>
  publicationsOf(rows, "free").map((one) => [one.version, one.limits[0]?.capacity, one.made?.at.getTime() ?? null]);

test("the version that the first publication replaced is among them, and so are imports and what they replaced", () => {
  expect(told([row(2, version(1), version(2))])).toEqual([
    [2, 20, 2],
    [1, 10, null],
  ]);
  expect(told([row(7, file({ free: 1, pro: 4 }), file({ free: 2, pro: 5 })), row(9, version(2), version(3))])).toEqual([
    [3, 30, 9],
    [2, 20, 7],
    [1, 10, null],
  ]);
});

test("rows of another form, and imports that name no version of the tier, are passed over", () => {
  expect(told([row(1, null, { tiers: [] }), row(2, null, file({ pro: 3 })), row(3, "x", null)])).toEqual([]);
});
