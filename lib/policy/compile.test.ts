import { describe, expect, test } from "vitest";
import { shareOf } from "@/lib/admission/fallback/shares";
import { HOUR_MS } from "@/lib/clock";
import { decide } from "@/lib/limits/decide";
import { plan } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { NO_TAGS } from "@/lib/limits/rules/layers";
import { NEVER } from "@/lib/limits/slot";
import { calendarBounds } from "./calendar";
import { appliedLimits, compilePolicy, type OverrideRow, type OwnedLimit, type PolicySource } from "./compile";
import type { Policy } from "./policy";
import { limitRow, limitSetFaults, withoutStrict } from "./rows/limit-row";

const NOW = Date.parse("2026-11-21T12:00:00Z");

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

function policyOf(more: Partial<PolicySource>): Policy {
  const compiled = compilePolicy(source(more), NOW);
  if (compiled.kind === "faults") throw new Error(compiled.faults.join("; "));
  return compiled.policy;
}

const capacityOf = (more: Partial<PolicySource>) => policyOf(more).limits[0]?.rule.capacity;

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

  test("a key's own limit holds beside the tenant's of the same name, on a counter of its own", () => {
    const { limits } = policyOf({ ofTier: [limit({ capacity: 5 })], ofKey: [limit({ capacity: 15, layer: "key" })] });
    expect(limits.map(({ layer, rule }) => [layer, rule.capacity])).toEqual([
      ["tenant", 5],
      ["key", 15],
    ]);
    expect(new Set(limits.map(({ slotId }) => slotId)).size).toBe(2);
  });

  test("an override for the key takes the tenant's limit away and leaves the key's own", () => {
    const overrides = [override({ keyFamilyId: "k1", capacity: null })];
    const { limits } = policyOf({ overrides, ofKey: [limit({ capacity: 15, layer: "key" })] });
    expect(limits.map(({ layer, rule }) => [layer, rule.capacity])).toEqual([["key", 15]]);
  });

  test("a limit for everyone holds beside the tier's of the same name", () => {
    const { limits } = policyOf({ everyone: [limit({ layer: "model", capacity: 7 })], overrides: [override({})] });
    expect(limits.map(({ rule, origin }) => [rule.capacity, origin.from])).toEqual([
      [7, "everyone"],
      [20, "override"],
    ]);
  });

  test("an override scales the refill with the capacity", () => {
    expect(policyOf({ ofTier: [limit({ refill: 5 })], overrides: [override({})] }).limits[0]?.rule.refill).toBe(10);
  });

  test("a policy ends when its first override does", () => {
    const overrides = [
      override({ expiresAtMs: NOW + HOUR_MS }),
      override({ tenantPattern: "*", expiresAtMs: NOW + 2 * HOUR_MS }),
    ];
    expect(policyOf({ overrides }).validUntilMs).toBe(NOW + HOUR_MS);
  });
});

test("layers come out in order, whatever the order of the rows", () => {
  const ofTier = [limit({ name: "k", layer: "key" }), limit({ name: "m", layer: "model" }), limit({ name: "t" })];
  expect(policyOf({ ofTier }).limits.map((one) => one.layer)).toEqual(["model", "tenant", "key"]);
});

describe("a limit of the layer tag", () => {
  const facts = {
    tenantId: "t1",
    tierId: "x",
    keyFamilyId: "k1",
    userDigest: null,
    featureDigest: null,
    sessionDigest: null,
    agentDigest: null,
    tags: new Map([
      ["repo", { text: "repo=web", digest: "d1" }],
      ["cost-centre", { text: "cost-centre=r&d", digest: "d2" }],
    ]),
    addressDigest: "a",
    endpoint: "chat",
    modelId: "m",
    providerId: "p",
  };
  const called = { model: "m", provider: "p", priority: "standard" } as const;

  test.each([
    ["repo", ["t:t1:tag:d1"]],
    ["repo=web", ["t:t1:tag:d1"]],
    ["repo=api", []],
    ["cost-centre", ["t:t1:tag:d2"]],
    ["constructor", []],
  ])("of %s counts %j", (tag, subjects) => {
    const policy = policyOf({ ofTier: [limit({ layer: "tag", match: { tag } })] });
    expect(appliedLimits(policy, facts, called, NOW).map(({ subject }) => subject)).toEqual(subjects);
    const none = appliedLimits(policy, { ...facts, tags: NO_TAGS }, called, NOW);
    expect(none).toEqual([]);
  });

  test.each([
    [{ layer: "tag", match: {} }, /names its tag in match\.tag/],
    [{ layer: "tag", match: { tag: "Repo" } }, /names its tag in match\.tag/],
    [{ layer: "tenant", match: { tag: "repo" } }, /match\.tag is for the layer tag/],
  ])("%o is a fault", (row, fault) => {
    const compiled = compilePolicy(source({ ofTier: [limit(row)] }), NOW);
    expect(compiled.kind === "faults" ? compiled.faults.join() : "").toMatch(fault);
  });
});

describe("0 admits nothing, by every algorithm and from every source", () => {
  const shapes = [
    { algorithm: "token_bucket" },
    { algorithm: "token_bucket", refill: 3, burstCredit: 100 },
    { algorithm: "leaky_bucket" },
    { algorithm: "sliding_window" },
    { algorithm: "fixed_window" },
    { algorithm: "calendar_window", windowSeconds: null, calendarPeriod: "day" },
    { algorithm: "concurrency", dimension: "concurrency", windowSeconds: null },
  ];
  const facts = {
    tenantId: "t1",
    tierId: "x",
    keyFamilyId: "k1",
    userDigest: "u",
    featureDigest: null,
    sessionDigest: null,
    agentDigest: null,
    tags: NO_TAGS,
    addressDigest: "a",
    endpoint: "chat",
    modelId: "m",
    providerId: "p",
  };
  const called = { model: "m", provider: "p", priority: "standard" } as const;
  const amounts = { ...NO_AMOUNTS, requests: 1, concurrency: 1, cost_micro_usd: 1 };
  const empty = { slot: () => undefined, leases: () => 0 };

  function decided(more: Partial<PolicySource>, now: number) {
    const limits = appliedLimits(policyOf(more), facts, called, now);
    return decide([plan({ candidate: "m", limits, amounts })], empty, now);
  }

  test.each(shapes)("%o", (shape) => {
    for (const later of [0, 1, 3_600_000]) {
      const own = decided({ ofTier: [limit({ ...shape, capacity: 0 })] }, NOW + later);
      const refill = { ...shape, capacity: 10 };
      const overridden = decided({ ofTier: [limit(refill)], overrides: [override({ capacity: 0 })] }, NOW + later);
      for (const decision of [own, overridden]) {
        expect(decision).toMatchObject({ kind: "deny", retryAfterMs: NEVER });
        const [state] = decision.states;
        expect([state?.remaining, Number.isFinite(state?.resetMs)]).toEqual([0, true]);
      }
    }
  });

  test("a share of 0 is 0 while the store is away, whatever the failure mode", () => {
    for (const failureMode of ["closed", "local", "open"]) {
      const [applied] = appliedLimits(policyOf({ ofTier: [limit({ capacity: 0, failureMode })] }), facts, called, NOW);
      expect(applied && shareOf(applied, { peers: 3, remaining: () => undefined }).rule.capacity).toBe(0);
    }
  });

  test("a budget of 0", () => {
    const money = { target: null, targetBooked: null, targetCounted: null, windowSeconds: null, timeZone: "UTC" };
    const none = { carryOver: false, carriedMicroUsd: 0, carriedIntoMs: null, raiseMicroUsd: 0, raiseUntilMs: null };
    const thresholds = [{ percent: 100, action: "refuse" as const }];
    const row = { ...money, ...none, id: "b", slug: "b", tenantId: "t1", level: "tenant" as const, thresholds };
    const more = { ofTier: [], budgets: [{ ...row, period: "day" as const, amountMicroUsd: 0 }] };
    expect(decided(more, NOW)).toMatchObject({ kind: "deny", retryAfterMs: NEVER });
  });
});

describe("rows that do not compile never make a smaller policy", () => {
  test.each([
    ["an override with a refill that the algorithm does not take", override({ refill: 3 }), "takes no refill"],
    ["an override with a number below 0", override({ capacity: -1 }), "whole"],
  ])("%s", (_name, row, text) => {
    const ofTier = [limit({ algorithm: "fixed_window" })];
    const compiled = compilePolicy(source({ ofTier, overrides: [row] }), NOW);
    expect(compiled.kind === "faults" && compiled.faults.join()).toContain(text);
  });

  test("one bad limit among good ones, a name used twice, an unknown time zone", () => {
    const bad = limit({ name: "bad", windowSeconds: null });
    expect(compilePolicy(source({ ofTier: [limit({}), bad] }), NOW).kind).toBe("faults");
    expect(compilePolicy(source({ ofTier: [limit({}), limit({})] }), NOW).kind).toBe("faults");
    const tenant = { id: "t1", slug: "acme", timeZone: "Europe/Atlantis" };
    expect(compilePolicy(source({ tenant }), NOW).kind).toBe("faults");
  });
});

describe("faults are described in words", () => {
  test.each([
    [{ windowSeconds: null }, "token_bucket needs windowSeconds"],
    [{ algorithm: "calendar_window", windowSeconds: null }, "calendar_window needs calendarPeriod"],
    [{ algorithm: "calendar_window", windowSeconds: 5, calendarPeriod: "day" }, "takes no windowSeconds"],
    [{ algorithm: "concurrency", windowSeconds: null }, "concurrency is counted by the concurrency algorithm"],
    [{ refill: 0 }, "refill must be at least 1"],
    [{ layer: "global" }, "a limit of layer global belongs to everyone"],
    [{ layer: "provider" }, "a limit of layer provider belongs to everyone"],
    [{ timeZone: "Europe/Atlantis" }, '"Europe/Atlantis" is not a time zone'],
    [{ algorithm: "fixed_window", refill: 3 }, "fixed_window takes no refill"],
  ])("%o", (row, text) => {
    expect(limitSetFaults([limit(row)], "tier").join("\n")).toContain(text);
  });

  test("a name used twice", () => {
    expect(limitSetFaults([limit({}), limit({})], "tier")).toEqual(["requests: name used twice"]);
  });
});

test("strict names what took its place, and stored strict rows are read as that", () => {
  const row = {
    name: "r",
    layer: "tenant",
    dimension: "requests",
    algorithm: "token_bucket",
    capacity: 9,
    windowSeconds: 60,
  };
  expect(limitRow.safeParse({ ...row, strict: true }).error?.message).toContain("sliding_window");
  const stored = { ...row, refill: null, strict: true };
  expect(limitRow.parse(withoutStrict(stored))).toMatchObject({
    algorithm: "sliding_window",
    capacity: 9,
    windowSeconds: 60,
  });
  expect(limitRow.parse(withoutStrict({ ...stored, strict: false }))).toMatchObject({ algorithm: "token_bucket" });
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
