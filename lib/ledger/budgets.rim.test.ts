import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import type { OpenDatabase } from "@/db/client";
import { startTestDatabase, type TestDatabase } from "@/db/embedded/database.suite";
import { spentWithin } from "@/db/queries/books/budget-spend";
import { insertLedger, type LedgerInsert } from "@/db/queries/books/record";
import { keepBooks, partitionsOf } from "@/db/queries/books/retention";
import { bumpPolicyVersion, readConfig } from "@/db/queries/limits/config";
import { carryOver, insertBudget, readBudgetEvents, readBudgets, readSpend } from "@/db/queries/money/budgets";
import { asWatcher, upstreamSince } from "@/db/queries/operators/alerts";
import { inTransaction } from "@/db/transaction";
import { DAY_MS } from "@/lib/clock";
import fc from "@/lib/fuzz/properties.suite";
import { calendarBounds } from "@/lib/policy/calendar";
import { newRequestId } from "@/lib/request-id";

const NOW = Date.parse("2026-11-21T12:00:30Z");
let database: TestDatabase;
let opened: OpenDatabase;
let sql: pg.Client;

beforeAll(async () => {
  database = await startTestDatabase({ demoAt: NOW });
  opened = database.opened;
  sql = new pg.Client({ connectionString: database.postgres.url });
  await sql.connect();
});
beforeEach(async () => {
  await sql.query("truncate ledger, usage, budgets, budget_spend, budget_events");
});
afterAll(async () => {
  await sql.end();
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

function budget(id: string, more: Record<string, unknown> = {}) {
  const thresholds = [50, 80, 100].map((percent) => ({ percent, action: "alert" as const }));
  return {
    ...{ id, slug: id, level: "tenant", tenantId: "tenant_free", period: "day", timeZone: "UTC" },
    ...{ amountMicroUsd: 1000, thresholds, createdBy: "test", createdAt: new Date(NOW - 40 * DAY_MS) },
    ...more,
  };
}

const put = (one: ReturnType<typeof budget>, since = 0) =>
  inTransaction(opened.db, (tx) => insertBudget(tx, one, new Date(since)));

test("a call counts in the day, week or month of its zone: PostgreSQL and the limiter draw the same lines", async () => {
  const zones = ["Europe/Berlin", "Asia/Kathmandu", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "UTC"];
  const periods = ["day", "week", "month"] as const;
  for (const timeZone of zones)
    for (const period of periods) await put(budget(`${timeZone}-${period}`, { timeZone, period }));
  // Both days on which Berlin's clocks change, in 2026: 23 and 25 hours long; and any moment of three years.
  const edges = [
    "2026-03-28T23:00Z",
    "2026-03-29T22:00Z",
    "2026-10-24T22:00Z",
    "2026-10-25T23:00Z",
    "2026-03-31T18:15Z",
  ];
  const moments = edges.flatMap((text) => [-1, 0, 1].map((ms) => Date.parse(text) + ms));
  const others = fc.sample(fc.integer({ min: Date.parse("2025-01-01"), max: Date.parse("2028-01-01") }), 200);
  for (const at of [...moments, ...others]) {
    await sql.query("truncate budget_spend");
    await insertLedger(opened.db, [row(at, 5)]);
    const spend = await readSpend(
      opened.db,
      zones.flatMap((zone) => periods.map((period) => `${zone}-${period}`)),
      new Date(0),
      100,
    );
    expect(spend).toHaveLength(zones.length * periods.length);
    for (const one of spend) {
      const cut = one.budgetId.lastIndexOf("-");
      const period = periods.find((name) => name === one.budgetId.slice(cut + 1)) ?? "day";
      const { startMs } = calendarBounds(period, one.budgetId.slice(0, cut), at);
      expect(`${one.budgetId} ${one.periodStart.toISOString()}`).toBe(
        `${one.budgetId} ${new Date(startMs).toISOString()}`,
      );
    }
  }
});

test("thresholds are passed once each and in order, also when many write at once and one writes twice", async () => {
  await put(budget("steps"));
  const rows = Array.from({ length: 40 }, (_, index) => row(NOW + index, 30));
  const batches = Array.from({ length: 8 }, (_, index) => rows.slice(index * 5, index * 5 + 5));
  await Promise.all([...batches, ...batches].map((batch) => insertLedger(opened.db, batch)));
  const events = await readBudgetEvents(opened.db, ["steps"], new Date(0));
  expect(events.map((event) => event.percent)).toEqual([50, 80, 100]);
  expect((await readSpend(opened.db, ["steps"], new Date(0), 9)).map((one) => [one.spentMicroUsd, one.calls])).toEqual([
    [1200, 40],
  ]);
  await insertLedger(opened.db, [row(NOW + DAY_MS, 900)]);
  const next = await readBudgetEvents(opened.db, ["steps"], new Date(NOW));
  expect(next.map((event) => event.percent)).toEqual([50, 80]);
});

test("a budget made while calls are booked misses none of them and counts none twice", async () => {
  const rows = Array.from({ length: 300 }, (_, index) => row(NOW + index, 1));
  const drains = rows.map((one, index) => async () => {
    if (index === 150) await put(budget("midway"), NOW - DAY_MS);
    else await insertLedger(opened.db, [one]);
  });
  await Promise.all(
    Array.from({ length: 6 }, async (_, lane) => {
      for (let index = lane; index < drains.length; index += 6) await drains[index]?.();
    }),
  );
  expect((await readSpend(opened.db, ["midway"], new Date(0), 9)).map((one) => one.spentMicroUsd)).toEqual([299]);
});

test("a rolling window holds what was admitted in it, also just after a full hour", async () => {
  const hour = Date.parse("2026-11-21T12:00Z");
  await put(budget("hour", { level: "user", period: "rolling", windowSeconds: 3600 }));
  await insertLedger(opened.db, [
    row(hour - 3_600_000, 1), // has left it, though it ended in it
    row(hour - 3_599_000, 20, { userDigest: "early" }),
    row(hour - 1000, 300),
    row(hour + 500, 4000),
  ]);
  const since = new Date(hour - 3_599_500);
  expect(await spentWithin(opened.db, { id: "hour", since, most: 9 })).toEqual([
    { subject: "u", spentMicroUsd: 4300, calls: 2 },
    { subject: "early", spentMicroUsd: 20, calls: 1 },
  ]);
  expect(await spentWithin(opened.db, { id: "hour", since, most: 1 })).toMatchObject([{ subject: "u" }]);
});

test("while a budget is being made, budgets are read, policies change and alerts are looked at; only drains wait", async () => {
  const [made, madeSo] = signal();
  const [over, end] = signal();
  const making = inTransaction(opened.db, async (tx) => {
    await insertBudget(tx, budget("slow"), new Date(NOW - DAY_MS));
    madeSo();
    await over;
  });
  await made;
  let isDrained = false;
  const drain = insertLedger(opened.db, [row(NOW, 7)]).then(() => {
    isDrained = true;
  });
  // What a brake does: it reads the whole configuration, and takes a new version.
  expect((await readConfig(opened.db, new Date(NOW))).budgets).toEqual([]);
  await asWatcher(
    opened.db,
    async () => void (await bumpPolicyVersion(opened.db, { actor: "a", change: "brakes.set" })),
  );
  expect(isDrained).toBe(false);
  end();
  await Promise.all([making, drain]);
  expect((await readSpend(opened.db, ["slow"], new Date(0), 9)).map((one) => one.spentMicroUsd)).toEqual([7]);
});

function signal(): [Promise<void>, () => void] {
  let give: () => void = () => undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return [given, give];
}

test("a provider's health counts what it served or failed itself, by tenant", async () => {
  await sql.query(
    "insert into providers (id, slug, name, dialect, base_url) values ('p', 'p', 'P', 'openai', 'http://x')",
  );
  const own = { stream: true, upstreamStatus: 200 };
  const counted: Partial<LedgerInsert>[] = [
    { ending: "upstream_refused", upstreamStatus: 500 },
    { ending: "upstream_refused", upstreamStatus: 529 },
    { ending: "upstream_refused", upstreamStatus: 429 },
    { ending: "upstream_error", upstreamStatus: null },
    { ending: "upstream_cut" },
    { ending: "upstream_protocol_error" },
    { ending: "upstream_timeout", upstreamStatus: null },
  ];
  const left: Partial<LedgerInsert>[] = [
    ...[400, 401, 404, 413, 422].map((upstreamStatus) => ({ ending: "upstream_refused", upstreamStatus })),
    ...["client_abort", "stalled_reader", "brake_cut", "drained", "crashed", "answer_too_large"].map((ending) => ({
      ending,
    })),
    { ending: "upstream_timeout" },
    { ending: "upstream_timeout", stream: false, upstreamStatus: null },
  ];
  const rows = [...counted, ...left, { ending: "complete" }].map((one) => row(NOW, 1, { ...own, ...one }));
  await insertLedger(opened.db, [...rows, row(NOW, 1, { ...own, tenantId: "tenant_standard" })]);
  const found = await upstreamSince(opened.db, new Date(NOW - DAY_MS));
  expect(found.map(({ provider, tenant, calls, failed }) => [provider, tenant, calls, failed]).sort()).toEqual([
    ["p", "free", counted.length + 1, counted.length],
    ["p", "standard", 1, 0],
  ]);
});

test("each level counts its own calls: a user, a key, a feature, a model, a tenant, all together", async () => {
  await put(budget("everybody", { level: "global", tenantId: null }));
  await put(budget("tenant"));
  await put(budget("each-user", { level: "user" }));
  await put(budget("one-key", { level: "key", target: "k", targetBooked: "k", targetCounted: "k" }));
  await put(budget("feature", { level: "feature" }));
  await put(budget("each-session", { level: "session" }));
  await put(budget("one-agent", { level: "agent", target: "a1", targetBooked: "a1", targetCounted: "x" }));
  await put(budget("model", { level: "model", target: "m2", targetBooked: "m2", targetCounted: "m2" }));
  await insertLedger(opened.db, [
    row(NOW, 1, { userDigest: "u1" }),
    row(NOW, 10, { userDigest: "u2", keyFamilyId: "k2", feature: "draft", session: "s1" }),
    row(NOW, 100, { userDigest: "u2", servedModel: "m2", session: "s2", agent: "a1" }),
    row(NOW, 0, { userDigest: "u2", session: "s2", agent: "a2" }),
    row(NOW, 1000, { tenantId: "tenant_standard" }),
  ]);
  const ids = ["everybody", "tenant", "each-user", "one-key", "feature", "model", "each-session", "one-agent"];
  const spend = await readSpend(opened.db, ids, new Date(0), 99);
  const of = (id: string) => spend.filter((one) => one.budgetId === id).map((one) => [one.subject, one.spentMicroUsd]);
  expect(of("everybody")).toEqual([["", 1111]]);
  expect(of("tenant")).toEqual([["tenant_free", 111]]);
  expect(of("each-user")).toEqual([
    ["u2", 110],
    ["u1", 1],
  ]);
  expect(of("one-key")).toEqual([["k", 101]]);
  expect(of("feature")).toEqual([["draft", 10]]);
  expect(of("model")).toEqual([["m2", 100]]);
  expect(of("each-session")).toEqual([
    ["s2", 100],
    ["s1", 10],
  ]);
  expect(of("one-agent")).toEqual([["a1", 100]]);
});

test("what is left moves into the next period, at most the amount, once; what was too much is taken from it", async () => {
  await put(budget("saved", { carryOver: true }));
  const carry = async (at: number) => {
    const { startMs } = calendarBounds("day", "UTC", at);
    const dates = { periodStart: new Date(startMs), lastStart: new Date(startMs - DAY_MS) };
    const done = await Promise.all([1, 2, 3].map(() => carryOver(opened.db, { id: "saved", ...dates })));
    const [record] = await readBudgets(opened.db, null);
    return { times: done.filter(Boolean).length, carried: record?.carriedMicroUsd };
  };
  await insertLedger(opened.db, [row(NOW, 300)]);
  expect(await carry(NOW + DAY_MS)).toEqual({ times: 1, carried: 700 });
  await insertLedger(opened.db, [row(NOW + DAY_MS, 1250)]);
  expect(await carry(NOW + 2 * DAY_MS)).toEqual({ times: 1, carried: -250 });
  expect(await carry(NOW + 2 * DAY_MS)).toEqual({ times: 0, carried: -250 });
  expect(await carry(NOW + 9 * DAY_MS)).toEqual({ times: 1, carried: 1000 });
});

test("sums that charts read equal the sums of the rows, per grain and whatever they are split by", async () => {
  const any = fc.record({
    at: fc.integer({ min: NOW - 3 * DAY_MS, max: NOW }),
    costMicroUsd: fc.nat(1_000_000),
    tenantId: fc.constantFrom("tenant_free", "tenant_standard"),
    servedModel: fc.constantFrom("m1", "m2"),
    keyFamilyId: fc.constantFrom("k1", "k2", "k3"),
    feature: fc.constantFrom(null, "draft", "search"),
    userDigest: fc.constantFrom("u1", "u2"),
    ending: fc.constantFrom("complete", "client_abort"),
    inputTokens: fc.nat(5000),
    outputTokens: fc.nat(5000),
  });
  const rows = fc.sample(any, 900).map(({ at, costMicroUsd, ...more }) => row(at, costMicroUsd, more));
  for (let from = 0; from < rows.length; from += 90) await insertLedger(opened.db, rows.slice(from, from + 120));
  const sums =
    "sum(calls)::int c, sum(broken)::int b, sum(input_tokens)::int i, sum(output_tokens)::int o, sum(cost_micro_usd)::float8 m";
  const raw =
    "count(*)::int c, count(*) filter (where ending <> 'complete')::int b, sum(input_tokens)::int i, sum(output_tokens)::int o, sum(cost_micro_usd)::float8 m";
  for (const [grain, split] of [
    ["minute", "tenant_id, model"],
    ["hour", "tenant_id, model"],
    ["key_hour", "tenant_id, model, key_family_id, feature"],
    ["day", "tenant_id, model, key_family_id, feature"],
    ["user", "tenant_id, user_digest"],
  ] as const) {
    const unit = { minute: "minute", hour: "hour", key_hour: "hour", day: "day", user: "day" }[grain];
    const kept = await sql.query(
      `select bucket, ${split}, ${sums} from usage where grain = '${grain}' group by bucket, ${split} order by bucket, ${split}`,
    );
    const columns = split
      .replace("model", "served_model as model")
      .replace("feature", "coalesce(feature, '') as feature");
    const by = split.replace("model", "served_model").replace("feature", "coalesce(feature, '')");
    const counted = await sql.query(
      `select date_trunc('${unit}', ended_at, 'UTC') bucket, ${columns}, ${raw} from ledger group by date_trunc('${unit}', ended_at, 'UTC'), ${by} order by 1, ${by}`,
    );
    expect(kept.rows).toEqual(counted.rows);
  }
});

test("the ledger keeps its days apart, drops those that are too old, and loses no row to it", async () => {
  await keepBooks(opened.db, new Date(NOW), 30);
  const day = (at: number) => `ledger_${new Date(at).toISOString().slice(0, 10).replaceAll("-", "")}`;
  expect(await partitionsOf(opened.db)).toEqual(
    expect.arrayContaining([day(NOW - DAY_MS), day(NOW), day(NOW + 3 * DAY_MS), "ledger_rest"]),
  );
  const twice = row(NOW, 5);
  await insertLedger(opened.db, [twice, row(NOW + DAY_MS, 5), { ...row(NOW, 5), requestId: "req_of_old" }]);
  await insertLedger(opened.db, [{ ...twice, endedAt: new Date(NOW + 60_000) }]);
  const where = await sql.query(
    "select tableoid::regclass::text as part, count(*)::int from ledger group by 1 order by 1",
  );
  expect(where.rows).toEqual([
    { part: day(NOW), count: 1 },
    { part: day(NOW + DAY_MS), count: 1 },
    { part: "ledger_rest", count: 1 },
  ]);
  await keepBooks(opened.db, new Date(NOW + 31 * DAY_MS), 30);
  expect(await partitionsOf(opened.db)).not.toContain(day(NOW));
  expect(await partitionsOf(opened.db)).toContain(day(NOW + DAY_MS));
  expect((await sql.query("select count(*)::int from ledger")).rows).toEqual([{ count: 1 }]);
});

test("a call that was booked as crashed and then ends is booked as it ended, in its row, every sum and every budget", async () => {
  await put(budget("mistaken"));
  const others = [row(NOW, 10), row(NOW + 1, 20, { userDigest: "v", ending: "client_abort" })];
  const real = row(NOW + 2, 270, { inputTokens: 100, outputTokens: 2600, endedAt: new Date(NOW + 70_000) });
  const booked = { inputTokens: 100, outputTokens: 160, usageSource: "partial", upstreamStatus: null };
  const crashed = { ...real, ...booked, ending: "crashed", costMicroUsd: 26, endedAt: new Date(NOW + 20_000) };
  await insertLedger(opened.db, [...others, crashed]);
  await Promise.all([insertLedger(opened.db, [real]), insertLedger(opened.db, [real])]);
  // A process that takes it for dead later, or says so again, changes nothing.
  await insertLedger(opened.db, [crashed, real]);
  const { rows: stored } = await sql.query("select ending, output_tokens, cost_micro_usd::int as cost from ledger");
  expect(stored).toContainEqual({ ending: "complete", output_tokens: 2600, cost: 270 });
  expect(stored).toHaveLength(3);
  const { rows: sums } = await sql.query(
    `select sum(calls)::int as calls, sum(broken)::int as broken, sum(output_tokens)::int as output,
       sum(cost_micro_usd)::int as cost from usage group by grain`,
  );
  expect(sums).toEqual(Array(5).fill({ calls: 3, broken: 1, output: 2618, cost: 300 }));
  expect(await readSpend(opened.db, ["mistaken"], new Date(0), 10)).toMatchObject([{ spentMicroUsd: 300, calls: 3 }]);
});
