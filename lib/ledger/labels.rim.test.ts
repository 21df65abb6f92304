import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { OpenDatabase } from "@/db/client";
import { startTestDatabase, type TestDatabase } from "@/db/embedded/database.suite";
import { addRefusals } from "@/db/queries/books/books";
import { insertLedger, type LedgerInsert } from "@/db/queries/books/record";
import { insertBudget, readSpend, refusedByBudget } from "@/db/queries/money/budgets";
import { usageSeries, usageTotals } from "@/db/queries/money/usage";
import { refusedByLimit } from "@/db/queries/overview/activity";
import { inTransaction } from "@/db/transaction";
import { newRequestId } from "@/lib/request-id";

const NOW = Date.parse("2026-11-21T12:00:30Z");
let database: TestDatabase;
let opened: OpenDatabase;

beforeAll(async () => {
  database = await startTestDatabase({ demoAt: NOW });
  opened = database.opened;
});
beforeEach(async () => {
  await opened.db.execute("truncate ledger, usage, label_usage, budgets, budget_spend, budget_events");
});
afterAll(async () => {
  await database.close();
});

function row(at: number, costMicroUsd: number, more: Partial<LedgerInsert> = {}): LedgerInsert {
  return {
    requestId: newRequestId(at),
    ...{ tenantId: "tenant_free", tierId: "tier_free", keyId: "k", keyFamilyId: "k", userDigest: "u", feature: null },
    ...{ endpoint: "chat", askedModel: "m", servedModel: "m", providerId: "p", policyVersion: 1, stream: true },
    ...{ estimatedInputTokens: 7, reservedOutputTokens: 16, inputPrice: 1, cachedInputPrice: 1, outputPrice: 1 },
    ...{ inputTokens: 5, cachedInputTokens: 0, outputTokens: 9, usageSource: "provider", ending: "complete" },
    ...{ upstreamStatus: 200, upstreamHeadersMs: 4, totalMs: 1000, instanceId: "i", costMicroUsd },
    ...{ admittedAt: new Date(at), endedAt: new Date(at + 1000) },
    ...more,
  };
}

function tagBudget(id: string, target: string, booked: string | null) {
  return {
    id,
    slug: id,
    level: "tag",
    tenantId: "tenant_free",
    period: "day",
    timeZone: "UTC",
    target,
    targetBooked: booked,
    targetCounted: booked,
    amountMicroUsd: 1000,
    thresholds: [{ percent: 100, action: "alert" as const }],
    createdBy: "test",
    createdAt: new Date(NOW),
  };
}

const put = (one: ReturnType<typeof tagBudget>) => inTransaction(opened.db, (tx) => insertBudget(tx, one, new Date(0)));

test("a budget of a tag counts each value of it, or the one that it names, whatever other tags a call has", async () => {
  await put(tagBudget("each-repo", "repo", null));
  const one = "cost-centre=research";
  await put(tagBudget("research", one, one));
  const own = { keyFamilyId: "k2", userDigest: "u2" };
  await insertLedger(opened.db, [
    row(NOW, 1, { ...own, tags: "cost-centre=research,repo=web" }),
    row(NOW, 10, { ...own, tags: "repo=api" }),
    row(NOW, 100, { ...own, tags: "cost-centre=sales" }),
    row(NOW, 1000, { ...own, tags: "repository=web" }),
    row(NOW, 10_000, own),
    row(NOW, 100_000, { ...own, tenantId: "tenant_standard", tags: "repo=web" }),
  ]);
  const spend = await readSpend(opened.db, ["each-repo", "research"], new Date(0), 99);
  expect(spend.map((line) => [line.budgetId, line.subject, line.spentMicroUsd]).sort()).toEqual([
    ["each-repo", "repo=api", 10],
    ["each-repo", "repo=web", 1],
    ["research", one, 1],
  ]);
});

test("sums by session, agent and tag grow with the ledger, and a call that is booked again is counted once", async () => {
  const named = { session: "s1", agent: "a1", tags: "cost-centre=research,repo=web" };
  const crashed = row(NOW, 1, { ...named, ending: "crashed" });
  await insertLedger(opened.db, [crashed, row(NOW, 10, { tags: "repo=web" }), row(NOW, 100)]);
  await insertLedger(opened.db, [{ ...crashed, ending: "complete", costMicroUsd: 3 }]);
  const range = { tenantId: "tenant_free", from: new Date(0), to: new Date(NOW + 3_600_000), most: 9 };
  const by = async (split: "session" | "agent" | "tag", tag?: string) =>
    (await usageTotals(opened.db, { ...range, grain: "hour", by: split, tag })).map((one) => [
      one.subject,
      one.calls,
      one.broken,
      one.costMicroUsd,
    ]);
  expect(await by("session")).toEqual([["s1", 1, 0, 3]]);
  expect(await by("agent")).toEqual([["a1", 1, 0, 3]]);
  expect(await by("tag")).toEqual([
    ["repo=web", 2, 0, 13],
    ["cost-centre=research", 1, 0, 3],
  ]);
  expect(await by("tag", "repo")).toEqual([["repo=web", 2, 0, 13]]);
  const [day] = await usageSeries(opened.db, { ...range, grain: "day", by: "tag", tag: "repo" });
  expect([day?.bucket.toISOString(), day?.calls]).toEqual(["2026-11-21T00:00:00.000Z", 2]);
});

test("limits of one name that differ by layer or dimension have refusals of their own", async () => {
  const minute = new Date(NOW - 30_000);
  const refusal = { minute, tenantId: "tenant_same", code: "insufficient_quota", limitName: "daily" };
  await addRefusals(opened.db, [
    { ...refusal, layer: "tenant", dimension: "cost_micro_usd", count: 2 },
    { ...refusal, layer: "tenant", dimension: "requests", count: 3 },
    { ...refusal, layer: "key", dimension: "requests", count: 4 },
    { ...refusal, layer: "key", dimension: "requests", code: "rate_limit_exceeded", count: 1 },
  ]);
  const since = new Date(NOW - 60_000);
  const found = await refusedByLimit(opened.db, "tenant_same", since);
  expect(found.map(({ layer, dimension, count }) => `${layer} ${dimension} ${count}`).sort()).toEqual([
    "key requests 5",
    "tenant cost_micro_usd 2",
    "tenant requests 3",
  ]);
  const budget = { tenantId: "tenant_same", level: "tenant", slug: "daily", since };
  expect(await refusedByBudget(opened.db, budget)).toBe(2);
  expect(await refusedByBudget(opened.db, { ...budget, tenantId: null })).toBe(2);
});
