import { describe, expect, test } from "vitest";
import { calendarBounds } from "./calendar";
import { compilePolicy, type OverrideRow, type OwnedLimit, type PolicySource } from "./compile";
import { limitRow, limitSetFaults } from "./limit-row";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const HOUR_MS = 3_600_000;

function limit(row: Record<string, unknown>): OwnedLimit {
  const defaults = {
    name: "requests",
    layer: "tenant",
    dimension: "requests",
    algorithm: "token_bucket",
    windowSeconds: 60,
  };
  return { id: "l1", ...limitRow.parse({ ...defaults, capacity: 10, ...row }) };
}

function source(more: Partial<PolicySource>): PolicySource {
  return {
    version: 7,
    tenant: { id: "t1", slug: "acme", timeZone: "UTC" },
    tier: { slug: "free" },
    keyFamilyId: "k1",
    everyone: [],
    ofTier: [limit({})],
    ofKey: [],
    overrides: [],
    budgets: [],
    ...more,
  };
}

function override(more: Partial<OverrideRow>): OverrideRow {
  const defaults = { tenantPattern: "acme", keyFamilyId: null, limitName: "requests", capacity: 20, refill: null };
  return { ...defaults, reason: "test", expiresAtMs: null, ...more };
}

const capacityOf = (more: Partial<PolicySource>) => compilePolicy(source(more), NOW).policy.limits[0]?.rule.capacity;

describe("precedence", () => {
  test.each([
    ["the tier's limit stands alone", [], 10],
    ["an exact override beats the tier", [override({})], 20],
    ["an exact override beats a wildcard", [override({ tenantPattern: "*", capacity: 99 }), override({})], 20],
    [
      "a longer wildcard beats a shorter",
      [override({ tenantPattern: "ac*", capacity: 30 }), override({ tenantPattern: "*" })],
      30,
    ],
    ["an override for the key beats one for all keys", [override({}), override({ keyFamilyId: "k1", capacity: 5 })], 5],
    ["an override for another key does not apply", [override({ keyFamilyId: "k2" })], 10],
    ["an expired override does not apply", [override({ expiresAtMs: NOW })], 10],
    ["an override without capacity takes the limit away", [override({ capacity: null })], undefined],
  ])("%s", (_name, overrides, capacity) => {
    expect(capacityOf({ overrides })).toBe(capacity);
  });

  test("a key's own limit beats all", () => {
    expect(capacityOf({ overrides: [override({})], ofKey: [limit({ capacity: 3 })] })).toBe(3);
  });

  test("an override scales the refill with the capacity", () => {
    const compiled = compilePolicy(source({ ofTier: [limit({ refill: 5 })], overrides: [override({})] }), NOW);
    expect(compiled.policy.limits[0]?.rule.refill).toBe(10);
  });

  test("a policy ends when its first override does", () => {
    const overrides = [
      override({ expiresAtMs: NOW + HOUR_MS }),
      override({ tenantPattern: "*", expiresAtMs: NOW + 2 * HOUR_MS }),
    ];
    expect(compilePolicy(source({ overrides }), NOW).policy.validUntilMs).toBe(NOW + HOUR_MS);
  });
});

test("layers come out in order, whatever the order of the rows", () => {
  const ofTier = [limit({ name: "k", layer: "key" }), limit({ name: "g", layer: "global" }), limit({ name: "t" })];
  expect(compilePolicy(source({ ofTier }), NOW).policy.limits.map((one) => one.layer)).toEqual([
    "global",
    "tenant",
    "key",
  ]);
});

test("strict mode splits the limit into burst and refill", () => {
  const rule = compilePolicy(source({ ofTier: [limit({ strict: true, capacity: 9 })] }), NOW).policy.limits[0]?.rule;
  expect(rule).toMatchObject({ capacity: 5, refill: 4 });
});

describe("faults are told in words", () => {
  test.each([
    [{ windowSeconds: null }, "token_bucket needs windowSeconds"],
    [{ algorithm: "calendar_window", windowSeconds: null }, "calendar_window needs calendarPeriod"],
    [{ algorithm: "calendar_window", windowSeconds: 5, calendarPeriod: "day" }, "takes no windowSeconds"],
    [{ algorithm: "concurrency", windowSeconds: null }, "concurrency is counted by the concurrency algorithm"],
    [{ capacity: 0 }, "at least 1"],
    [{ refill: 0 }, "refill must be at least 1"],
    [{ strict: true, capacity: 1 }, "strict needs a capacity of at least 2"],
    [{ timeZone: "Europe/Atlantis" }, '"Europe/Atlantis" is not a time zone'],
    [{ algorithm: "fixed_window", refill: 3 }, "fixed_window takes no refill"],
  ])("%o", (row, text) => {
    expect(limitSetFaults([limit(row)]).join("\n")).toContain(text);
  });

  test("a name used twice", () => {
    expect(limitSetFaults([limit({}), limit({})])).toEqual(["requests: name used twice"]);
  });
});

describe("calendar days are as long as the zone makes them", () => {
  test.each([
    ["Europe/Berlin", "2026-10-25T12:00:00Z", 25],
    ["Europe/Berlin", "2027-03-28T12:00:00Z", 23],
    ["Europe/Berlin", "2026-11-21T12:00:00Z", 24],
    ["Asia/Kathmandu", "2026-11-21T12:00:00Z", 24],
    ["Pacific/Apia", "2026-11-21T12:00:00Z", 24],
  ])("%s at %s: %d hours", (zone, at, hours) => {
    const bounds = calendarBounds("day", zone, Date.parse(at));
    expect((bounds.endMs - bounds.startMs) / HOUR_MS).toBe(hours);
  });

  test("windows tile: each ends where the next begins", () => {
    for (const period of ["day", "week", "month"] as const) {
      let at = Date.parse("2026-01-01T00:00:00Z");
      for (let step = 0; step < 60; step++) {
        const bounds = calendarBounds(period, "Europe/Berlin", at);
        const next = calendarBounds(period, "Europe/Berlin", bounds.endMs);
        expect(next.startMs).toBe(bounds.endMs);
        expect(next.endMs).toBe(bounds.nextEndMs);
        at = bounds.endMs;
      }
    }
  });
});
