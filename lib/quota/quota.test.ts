import { expect, test } from "vitest";
import { MemoryAdmission } from "@/lib/admission/memory/memory";
import { amountsOf } from "@/lib/limits/cost";
import { plan } from "@/lib/limits/plan";
import { NO_TAGS } from "@/lib/limits/rules/layers";
import { appliedLimits, compilePolicy } from "@/lib/policy/compile";
import type { Origin } from "@/lib/policy/policy";
import { limitRow } from "@/lib/policy/rows/limit-row";
import { forHolder, type QuotaLine, quotaOf } from "./quota";

function line(name: string, layer: QuotaLine["layer"], origin: Origin): QuotaLine {
  return {
    name,
    layer,
    dimension: "cost_micro_usd",
    algorithm: "fixed_window",
    limit: 5_000_000_000,
    used: 4_000_000_000,
    reserved: 0,
    credit: 0,
    remaining: 1_000_000_000,
    resetSeconds: 60,
    resetAt: "2026-11-27T10:00:00.000Z",
    exhaustedAt: null,
    exhaustedPace: null,
    observe: false,
    failureMode: "local",
    match: {},
    origin,
  };
}

test("the holder of a key sees no counter that tenants share, and no operator's reason", () => {
  const everyone: Origin = { from: "everyone" };
  const budget: Origin = { from: "budget", budget: "platform-month" };
  const override: Origin = { from: "override", pattern: "acme-and-*", reason: "they pay late" };
  const limits = [
    line("platform", "global", everyone),
    line("platform-month", "global", budget),
    line("openai-share", "provider", everyone),
    line("gpt-over-all", "model", everyone),
    line("edge", "ip", everyone),
    line("gpt", "model", { from: "tier", tier: "standard" }),
    line("tenant-spend", "tenant", override),
  ];
  const seen = forHolder({ policyVersion: 7, at: "2026-11-27T10:00:00.000Z", limits });
  expect(seen.limits.map(({ name }) => name)).toEqual(["edge", "gpt", "tenant-spend"]);
  expect(JSON.stringify(seen)).not.toMatch(/they pay late|acme-and/);
  expect(seen).toMatchObject({ policyVersion: 7, limits: [{}, {}, { used: 4_000_000_000, limit: 5_000_000_000 }] });
});

test("a limit shows the reservations of the running calls that it is for, and of no others", async () => {
  const now = 1_795_000_000_000;
  const row = (name: string, match: object) =>
    limitRow.parse({
      ...{ name, match, layer: "tenant", dimension: "output_tokens", capacity: 1000 },
      ...{ algorithm: "fixed_window", windowSeconds: 3600 },
    });
  const ofTier = [
    row("all", {}),
    row("large-models", { model: "large-*" }),
    row("other-provider", { provider: "other" }),
    row("batch-calls", { priority: "batch" }),
    row("messages-calls", { endpoint: "messages" }),
  ].map((limit) => ({ ...limit, id: limit.name }));
  const tenant = { id: "t", slug: "t", timeZone: "UTC" };
  const none = { everyone: [], ofKey: [], overrides: [], budgets: [], keyFamilyId: null };
  const compiled = compilePolicy({ version: 1, tenant, tier: { slug: "x" }, ofTier, ...none }, now);
  if (compiled.kind !== "policy") throw new Error(compiled.faults.join());
  const { policy } = compiled;
  const store = new MemoryAdmission({ now: () => now });
  const base = { tierId: "x", tenantId: "t", keyFamilyId: "k", userDigest: null, featureDigest: null };
  const more = { sessionDigest: null, agentDigest: null, tags: NO_TAGS, addressDigest: "", modelId: "m" };
  const facts = { ...base, ...more, providerId: "p", endpoint: "chat" };
  const amounts = amountsOf({ inputTokens: 0, outputTokens: 40, permits: 1 }, { input: 0, output: 0, fees: 0 });
  const standard = { model: "small-1", provider: "one", priority: "standard" } as const;
  const elsewhere = { model: "large-1", provider: "other", priority: "batch" } as const;
  const call = (requestId: string, endpoint: string, called: typeof standard | typeof elsewhere) => ({
    ...{ requestId, tenantId: "t", caller: "c", brake: null, policyVersion: 1, policyUntilMs: null, leaseMs: 1000 },
    intent: requestId,
    plans: [
      plan({ candidate: "m", amounts, limits: appliedLimits(policy, { ...facts, endpoint }, called, now) }),
    ] as const,
  });
  // Each counter is used by a call that has ended, so what is used is not what bounds the figure.
  await store.admit(call("ended", "messages", elsewhere));
  await store.settle({ tenantId: "t", requestId: "ended", actual: amounts, takenOverAs: () => amounts });
  await store.admit(call("running", "chat", standard));
  const reservedOf = () => ({ facts, called: standard, amounts });
  const { limits } = await quotaOf({ admission: store, policy, facts, now, reservedOf });
  expect(limits.map(({ name, used, reserved }) => [name, used, reserved])).toEqual([
    ["all", 80, 40],
    ["large-models", 40, 0],
    ["other-provider", 40, 0],
    ["batch-calls", 40, 0],
    ["messages-calls", 40, 0],
  ]);
});
