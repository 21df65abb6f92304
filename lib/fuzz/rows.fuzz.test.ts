import { expect, test } from "vitest";
import { decide } from "@/lib/limits/decide";
import { FAILURE_MODES, plan } from "@/lib/limits/plan";
import { DIMENSIONS, NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { LAYERS, NO_TAGS } from "@/lib/limits/rules/layers";
import { ALGORITHMS } from "@/lib/limits/rules/rule";
import { appliedLimits, compilePolicy } from "@/lib/policy/compile";
import { limitRow } from "@/lib/policy/rows/limit-row";
import { mutated, rounds } from "./fuzz.suite";

const NOW = Date.parse("2026-11-27T12:00:00Z");
const TENANT = { id: "t1", slug: "acme", timeZone: "Europe/Berlin" };
const NOBODY = {
  version: 1,
  tenant: TENANT,
  tier: { slug: "free" },
  keyFamilyId: "k1",
  everyone: [],
  ofKey: [],
  overrides: [],
};
const FACTS = {
  tenantId: "t1",
  tierId: "free",
  keyFamilyId: "k1",
  userDigest: "u",
  featureDigest: "f",
  sessionDigest: "s",
  agentDigest: "g",
  tags: NO_TAGS,
  addressDigest: "a",
  endpoint: "chat",
  modelId: "m",
  providerId: "p",
};
const NO_COUNTERS = { slot: () => undefined, leases: () => 0 };

test("any row of limits is refused in words, or becomes a policy by which a call is decided in whole numbers", () => {
  let compiled = 0;
  rounds(6000, (chance) => {
    const algorithm = chance.pick(ALGORITHMS);
    const row = {
      name: "a",
      layer: chance.pick(LAYERS),
      dimension: chance.pick(DIMENSIONS),
      algorithm,
      capacity: chance.pick([0, 1, 10, 1e9, 9e15]),
      refill: chance.pick([null, 1, 1e6]),
      ...(algorithm === "calendar_window" ? { calendarPeriod: chance.pick(["day", "week", "month"]) } : {}),
      ...(algorithm === "calendar_window" || algorithm === "concurrency"
        ? {}
        : { windowSeconds: chance.pick([1, 60, 31_000_000]) }),
      failureMode: chance.pick(FAILURE_MODES),
    };
    const parsed = limitRow.safeParse(mutated(row, chance, chance.pick([0, 0.02, 0.1])));
    if (!parsed.success) return;
    const source = { ...NOBODY, ofTier: [{ id: "l1", ...parsed.data }], budgets: [] };
    const result = compilePolicy(source, NOW);
    if (result.kind === "faults") return expect(result.faults.every((fault) => fault.length > 0)).toBe(true);
    compiled += 1;
    const called = { model: "m", provider: "p", priority: "standard" } as const;
    const limits = appliedLimits(result.policy, FACTS, called, NOW);
    const amounts = {
      ...NO_AMOUNTS,
      requests: 1,
      total_tokens: 7,
      concurrency: 1,
      cost_micro_usd: 1 + chance.below(1e9),
    };
    const verdict = decide([plan({ candidate: "c", limits, amounts })], NO_COUNTERS, NOW);
    for (const state of verdict.states)
      for (const figure of [state.used, state.remaining, state.waitMs, state.resetMs])
        expect(Number.isInteger(figure) || figure === Number.POSITIVE_INFINITY, JSON.stringify(state)).toBe(true);
  });
  expect(compiled).toBeGreaterThan(200);
});
