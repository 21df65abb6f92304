import { describe, expect, test } from "vitest";
import type { ConfigRows } from "@/db/queries/limits/config";
import type { Compiled } from "../compile";
import { policyInForce } from "./in-force";
import { makeSnapshot, newFaults, type Snapshot } from "./snapshot";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const clock = { now: () => NOW };
const none = { key: null, refill: null, calendarPeriod: null, timeZone: null, burstCredit: null };

const tenant = (id: string, tierId: string): ConfigRows["tenants"][number] => ({
  id,
  slug: id,
  name: id,
  tierId,
  timeZone: "UTC",
  status: "active",
  linkVersion: 0,
  featureClasses: {},
  classPermits: {},
  createdAt: new Date(NOW),
});
const tier = (id: string): ConfigRows["tiers"][number] => ({
  id,
  slug: id,
  name: id,
  version: 1,
  ladder: {},
  keyDaysMax: 90,
  position: 0,
  updatedAt: new Date(NOW),
});

function limit(more: Partial<ConfigRows["limits"][number]>): ConfigRows["limits"][number] {
  const { key: _key, ...empty } = none;
  return {
    id: "l",
    tierId: null,
    keyFamilyId: null,
    name: "calls",
    layer: "tenant",
    dimension: "requests",
    algorithm: "token_bucket",
    capacity: 10,
    windowSeconds: 60,
    match: {},
    onExceed: "refuse",
    observe: false,
    failureMode: "local",
    position: 0,
    ...empty,
    ...more,
  };
}

function rows(version: number, more: Partial<ConfigRows> = {}): ConfigRows {
  return {
    version,
    tenants: [tenant("ann", "gold"), tenant("bob", "tin")],
    tiers: [tier("gold"), tier("tin")],
    limits: [limit({ id: "g", tierId: "gold" }), limit({ id: "t", tierId: "tin" })],
    overrides: [],
    budgets: [],
    brakes: [],
    providers: [],
    models: [],
    prices: [],
    ...more,
  };
}

const override = (more: Partial<ConfigRows["overrides"][number]>): ConfigRows["overrides"][number] => ({
  id: "o",
  tenantPattern: "ann",
  keyFamilyId: null,
  limitName: "calls",
  capacity: 3,
  refill: null,
  reason: "test",
  createdBy: "test",
  createdAt: new Date(NOW),
  expiresAt: null,
  ...more,
});

const budget = (more: Partial<ConfigRows["budgets"][number]>): ConfigRows["budgets"][number] => ({
  id: "b",
  slug: "month",
  level: "tenant",
  tenantId: "ann",
  target: null,
  targetBooked: null,
  targetCounted: null,
  period: "month",
  windowSeconds: null,
  timeZone: "UTC",
  amountMicroUsd: 100,
  thresholds: [],
  carryOver: false,
  carriedMicroUsd: 0,
  carriedInto: null,
  raiseMicroUsd: 0,
  raiseUntil: null,
  version: 1,
  createdBy: "test",
  createdAt: new Date(NOW),
  ...more,
});

const brake = (more: Partial<ConfigRows["brakes"][number]>): ConfigRows["brakes"][number] => ({
  id: "brk",
  scope: {},
  mode: "block",
  reason: "r",
  publicMessage: null,
  createdBy: "t",
  createdAt: new Date(NOW),
  expiresAt: null,
  liftedAt: null,
  liftedBy: null,
  liftReason: null,
  rampFrom: null,
  ...more,
});

const snapshot = (from: ConfigRows, previous: Snapshot | null = null) => makeSnapshot({ rows: from, clock, previous });
const capacities = (compiled: Compiled) =>
  compiled.kind === "policy" ? compiled.policy.limits.map(({ rule }) => rule.capacity) : compiled.kind;

const gold = (more: Partial<ConfigRows["limits"][number]>) => limit({ id: "g", tierId: "gold", ...more });
const tin = limit({ id: "t", tierId: "tin", capacity: 7 });

/** Edits by hand that no verb would make, each of something of ann's alone. */
const BAD: readonly (readonly [string, Partial<ConfigRows>])[] = [
  ["an unknown algorithm", { limits: [gold({ algorithm: "magic" }), tin] }],
  ["an unknown layer", { limits: [gold({ layer: "planet" }), tin] }],
  ["a window that is missing", { limits: [gold({ windowSeconds: null }), tin] }],
  ["a layer that is everyone's", { limits: [gold({ layer: "global" }), tin] }],
  ["an unknown match", { limits: [gold({ match: JSON.parse('{"planet":"x"}') }), tin] }],
  ["an override below 0", { overrides: [override({ capacity: -1 })], limits: [gold({}), tin] }],
  [
    "an override of a key with a refill that its algorithm does not take",
    {
      limits: [gold({ algorithm: "fixed_window" }), tin],
      overrides: [override({ keyFamilyId: "k", refill: 3, tenantPattern: "an*" })],
    },
  ],
  ["a budget of an unknown level", { budgets: [budget({ level: "planet" })], limits: [gold({}), tin] }],
  ["a budget with invalid thresholds", { budgets: [budget({ thresholds: JSON.parse("3") })], limits: [gold({}), tin] }],
  ["a budget of an unknown zone", { budgets: [budget({ timeZone: "Europe/Atlantis" })], limits: [gold({}), tin] }],
];

describe("a tenant whose rows do not compile keeps its last good policy, others get the new one", () => {
  test.each(BAD)("%s", (_name, bad) => {
    const first = snapshot(rows(1));
    const second = snapshot(rows(2, bad), first);
    expect(capacities(second.policyOf("ann", null))).toEqual([10]);
    expect(capacities(second.policyOf("ann", "k"))).toEqual([10]);
    expect(capacities(second.policyOf("bob", null))).toEqual([7]);
    expect(second.faults).toMatchObject([{ tenant: "ann", effect: "held" }]);
    const compiled = second.policyOf("ann", null);
    expect(compiled.kind === "policy" && compiled.policy.version).toBe(2);
    // Held over again, and gone when it is corrected.
    const third = snapshot(rows(3, bad), second);
    expect(capacities(third.policyOf("ann", null))).toEqual([10]);
    expect(newFaults(second, third)).toEqual([]);
    expect(snapshot(rows(4), third).faults).toEqual([]);
  });

  test.each(BAD)("%s, at the start: that tenant is refused", (_name, bad) => {
    const first = snapshot(rows(1, bad));
    expect(first.policyOf("ann", null).kind).toBe("faults");
    expect(() => policyInForce(first, "ann", null)).toThrow(/cannot be read/);
    expect(capacities(first.policyOf("bob", null))).toEqual([7]);
    expect(first.faults).toMatchObject([{ tenant: "ann", effect: "refused" }]);
  });

  test("a key's own limits are held for that key alone", () => {
    const own = limit({ id: "k", keyFamilyId: "k", layer: "key", capacity: 2 });
    const first = snapshot(rows(1, { limits: [gold({}), own] }));
    const second = snapshot(rows(2, { limits: [gold({ capacity: 20 }), { ...own, windowSeconds: null }] }), first);
    expect(capacities(second.policyOf("ann", "k"))).toEqual([20, 2]);
    expect(capacities(second.policyOf("ann", "other"))).toEqual([20]);
  });
});

test("a brake that cannot be read blocks more than its scope, never less", () => {
  const brakes = [
    brake({ id: "mode", mode: "gently", scope: { tenant: "ann" } }),
    brake({ id: "scope", scope: JSON.parse('{"tenant":"ann","model":7,"planet":"x"}') }),
    brake({ id: "list", scope: JSON.parse("[1]") }),
  ];
  const { brakes: read, faults } = snapshot(rows(1, { brakes }));
  expect(read.map(({ id, mode, scope }) => ({ id, mode, scope }))).toEqual([
    { id: "mode", mode: "block", scope: { tenant: "ann" } },
    { id: "scope", mode: "block", scope: { tenant: "ann" } },
    { id: "list", mode: "block", scope: {} },
  ]);
  expect(faults.map(({ effect }) => effect)).toEqual(["blocks", "blocks", "blocks", "blocks"]);
});

test("an override that does not compile is a fault while a stronger one hides it, and stays the same fault afterwards", () => {
  const limits = [gold({ algorithm: "sliding_window" }), tin];
  const boost = override({ id: "boost", expiresAt: new Date(NOW + 60_000) });
  const hidden = override({ id: "hidden", tenantPattern: "a*", refill: 3 });
  const first = snapshot(rows(1, { limits, overrides: [boost] }));
  const second = snapshot(rows(2, { limits, overrides: [boost, hidden] }), first);
  expect(newFaults(first, second)).toMatchObject([
    { tenant: "ann", effect: "later", text: expect.stringMatching("refill") },
  ]);
  expect(capacities(second.policyOf("ann", null))).toEqual([3]);
  // Another change after the stronger one has ended is not to blame.
  const later = { now: () => NOW + 60_000 };
  const third = makeSnapshot({ rows: rows(3, { limits, overrides: [boost, hidden] }), clock: later, previous: second });
  expect(newFaults(second, third)).toEqual([]);
  expect(third.faults).toMatchObject([{ tenant: "ann", effect: "held" }]);
});
