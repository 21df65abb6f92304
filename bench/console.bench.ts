import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { openDatabase } from "@/db/client";
import { startEmbeddedPostgres } from "@/db/embedded/postgres";
import { estimatesByFeature, findLedgerRow, listLedger, observedSince } from "@/db/queries/books/books";
import { findRefusedCall, listRefusedCalls } from "@/db/queries/books/refused";
import { keepBooks } from "@/db/queries/books/retention";
import { servedAndRefused } from "@/db/queries/limits/tier-versions";
import { insertBudget, moversOf, readBudgetEvents, readSpend } from "@/db/queries/money/budgets";
import { coverageSince } from "@/db/queries/money/prices";
import { spentSince } from "@/db/queries/money/reconcile";
import { answersOf, bookedByDay, keyUseSince, refusalTotals, usageSeries, usageTotals } from "@/db/queries/money/usage";
import { trafficSince, upstreamSince } from "@/db/queries/operators/alerts";
import { observedByBrakes, refusedByBrakes } from "@/db/queries/operators/brakes";
import { changesSince, refusalsByMinute, sumLedger, sumUsage, usageByMinute } from "@/db/queries/overview/overview";
import { readClients } from "@/db/queries/tenants/clients";
import { insertDemo } from "@/db/seed";
import { inTransaction } from "@/db/transaction";
import { makeLog } from "@/lib/log";
import { requestIdAt } from "@/lib/request-id";

/**
 * Runs every query of the console over a ledger of ten million calls in thirty days. Prints the p95 of each, and the
 * cost of the same figure summed from the rows. Then checks that the sums equal the rows, to the last call.
 */
const ROWS = Number(process.env.ROWS ?? 10_000_000);
const DAYS = 30;
const ROUNDS = 40;
const TENANTS = 40;
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

const now = Date.now();
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-bench-"));
const postgres = await startEmbeddedPostgres(folder);
const opened = await openDatabase({ url: postgres.url, log: makeLog("silent") });
const { db } = opened;
const client = new pg.Client({ connectionString: postgres.url });
await client.connect();
const key = (name: string) => ({ id: name.padEnd(12, "0"), hmac: "00", last4: "0000" });
const keys = { free: key("free"), standard: key("std"), enterprise: key("ent"), loop: key("loop") };
await insertDemo(db, { now: new Date(now - DAYS * DAY_MS), keys });
await fill();

const growth = await client.query<{ ledger: number; sums: number }>(`
  select (select sum(pg_total_relation_size(inhrelid)) from pg_inherits where inhparent = 'ledger'::regclass)::float8 / ${ROWS} as ledger,
    pg_total_relation_size('usage')::float8 / ${ROWS} as sums`);
for (const { ledger, sums } of growth.rows)
  console.log(`per call: ${ledger.toFixed(0)} B of ledger with its indexes, ${sums.toFixed(0)} B of sums\n`);

async function fill(): Promise<void> {
  const began = performance.now();
  const say = (what: string) => console.log(`${((performance.now() - began) / 1000).toFixed(0)} s: ${what}`);
  await client.query("set work_mem = '1GB'; set maintenance_work_mem = '1GB'; set synchronous_commit = off");
  await client.query(
    `insert into tenants (id, slug, name, tier_id) select 'tenant_' || n, 'tenant-' || n, 'Tenant ' || n, 'tier_free' from generate_series(1, ${TENANTS}) n`,
  );
  await keepBooks(db, new Date(now), DAYS + 5);
  const today = Math.floor(now / DAY_MS);
  for (let day = today - DAYS; day < today - 1; day++) {
    const name = `ledger_${new Date(day * DAY_MS).toISOString().slice(0, 10).replaceAll("-", "")}`;
    await client.query("select make_ledger_part($1, $2, $3)", [
      name,
      requestIdAt(day * DAY_MS),
      requestIdAt((day + 1) * DAY_MS),
    ]);
  }
  const { rows: indexes } = await client.query<{ name: string; text: string }>(
    "select indexname as name, indexdef as text from pg_indexes where tablename = 'ledger' and indexname <> 'ledger_pkey'",
  );
  for (const { name } of indexes) await client.query(`drop index "${name}"`);
  // Skewed like real traffic: a few tenants, keys and users make most of it. Deterministic.
  await client.query(`
    insert into ledger select 'req_' || lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || lpad(to_hex(n), 20, '0'),
      'tenant_' || t, 'tier_free', 'key_' || t || '_' || n % 5, 'fam_' || t || '_' || n % 5, 'user_' || t || '_' || (n * 7919) % 400,
      (array[null, 'chat', 'search', 'draft'])[1 + n % 4], 'chat', 'sim-small', (array['sim-small', 'sim-large', 'sim-vision'])[1 + n % 3],
      'provider_simulator', 1, n % 2 = 0, 900, 500, 400 + (n * 31) % 2000, 0, 50 + (n * 17) % 800, 'provider', 100 + (n * 13) % 5000,
      150000, 75000, 600000, case when n % 50 = 0 then 'upstream_error' else 'complete' end, 200, 300, 1500, at, at + interval '1.5 seconds',
      'i_bench', null, 'shared', '10.0.0.' || n % 250
    from (select n, 1 + floor(${TENANTS} * power(((n * 2654435761) % 1000003) / 1000003.0, 3))::int as t,
      to_timestamp(${(now - DAYS * DAY_MS) / 1000} + n * ${(DAYS * 86_400) / ROWS}) as at from generate_series(1::bigint, ${ROWS}) n) x`);
  say(`${ROWS.toLocaleString("en-US")} rows`);
  for (const { text } of indexes) await client.query(text.replace(" ON ONLY ", " ON "));
  say("indexed");
  for (const grain of ["minute", "hour", "key_hour", "day", "user"]) {
    const part = (column: string, isKnown: boolean) => (isKnown ? column : "''");
    const hasKey = grain === "key_hour" || grain === "day";
    const unit = { user: "day", key_hour: "hour" }[grain] ?? grain;
    await client.query(`
      insert into usage select '${grain}', date_trunc('${unit}', ended_at, 'UTC'), tenant_id, ${part("served_model", grain !== "user")},
        ${part("key_family_id", hasKey)}, ${part("coalesce(feature, '')", hasKey)}, ${part("user_digest", grain === "user")},
        count(*), count(*) filter (where ending <> 'complete'), count(degradation), sum(input_tokens), sum(cached_input_tokens), sum(output_tokens), sum(cost_micro_usd)
      from ledger group by 1, 2, 3, 4, 5, 6, 7`);
    say(`sums per ${grain}`);
  }
  await client.query(`
    insert into refusal_counts select to_timestamp(floor(${now / 1000} / 60) * 60 - m * 60), 'tenant_' || t, 'rate_limit_exceeded', 'tenant', 'requests', 'requests-per-minute', 1 + (m * t) % 30
    from generate_series(0, ${DAYS * 1440 - 1}) m, generate_series(1, ${Math.min(TENANTS, 12)}) t`);
  await client.query(`
    insert into refusal_counts select to_timestamp(floor(${now / 1000} / 60) * 60 - m * 60), 'tenant_' || (1 + m % ${TENANTS}), 'kill_switch_active', '', '', 'brk_' || (m % 100), 3
    from generate_series(0, ${DAYS * 1440 - 1}) m`);
  await client.query(`
    insert into observed_counts select to_timestamp(floor(${now / 1000} / 60) * 60 - m * 60), 'tenant_' || t, 'tenant', 'requests', 'requests-per-minute-watched', 1 + (m * t) % 30
    from generate_series(0, ${DAYS * 1440 - 1}) m, generate_series(1, ${Math.min(TENANTS, 12)}) t`);
  await client.query(`
    insert into observed_counts select to_timestamp(floor(${now / 1000} / 60) * 60 - m * 60), 'tenant_' || (1 + m % ${TENANTS}), '', '', 'brk_' || (m % 100), 3
    from generate_series(0, ${DAYS * 1440 - 1}) m`);
  await client.query(`
    insert into refused_calls select 'req_' || lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || lpad(to_hex(n), 20, '0'), at,
      'tenant_' || (1 + n % 2 * (n % ${TENANTS})), 'key_' || n % 5, 'fam_' || n % 5, 'user_' || n % 400, null, 'chat', 'sim-small', 'sim-small',
      'provider_simulator', 900, 500, 150000, 600000, true, 'rate_limit_exceeded', 'Requests per minute exceeded.', 'tenant', 'requests',
      'requests-per-minute', 1200, (select jsonb_agg(jsonb_build_object('name', 'limit-' || i, 'layer', 'tenant', 'dimension', 'requests',
        'algorithm', 'token_bucket', 'limit', 60, 'used', 60, 'remaining', 0, 'asked', 1, 'waitMs', 1200, 'observe', false)) from generate_series(1, 8) i),
      1, 'openai js 6.46.0', '10.0.0.' || n % 250
    from (select n, to_timestamp(${now / 1000} - n) as at from generate_series(1, ${7 * 86_400}) n) x`);
  await client.query(`
    insert into client_counts select to_timestamp(floor(${now / 1000} / 86400) * 86400 - d * 86400), 'tenant_' || t, 'openai js 6.' || v, 1000, 10, 5
    from generate_series(0, ${DAYS - 1}) d, generate_series(1, ${TENANTS}) t, generate_series(1, 12) v`);
  for (const [id, level] of [
    ["bud_tenant", "tenant"],
    ["bud_user", "user"],
  ] as const) {
    const thresholds = [{ percent: 50, action: "alert" as const }];
    const row = {
      id,
      slug: id.replace("_", "-"),
      level,
      tenantId: "tenant_1",
      period: "month",
      amountMicroUsd: 1e12,
      thresholds,
      createdBy: "bench",
    };
    await inTransaction(db, (tx) => insertBudget(tx, row, new Date(now - 3 * DAY_MS)));
  }
  await client.query("vacuum analyze");
  say("ready\n");
}

/** One request id from about the middle. */
const { rows: some } = await client.query<{ id: string }>(
  "select request_id as id from ledger where ended_at >= $1 order by ended_at limit 1",
  [new Date(now - 11 * DAY_MS)],
);
const id = some[0]?.id ?? "";
const ago = (ms: number) => new Date(now - ms);
const midnight = new Date(Math.floor(now / DAY_MS) * DAY_MS);
const range = (grain: "minute" | "hour" | "day", days: number) => ({
  grain,
  from: ago(days * DAY_MS),
  to: new Date(now + HOUR_MS),
});
const tenantOf = (round: number) => `tenant_${1 + ((round * 7) % TENANTS)}`;
const large = "tenant_1";
const tenantIds = Array.from({ length: TENANTS }, (_, index) => `tenant_${index + 1}`);
const brakeIds = Array.from({ length: 100 }, (_, index) => `brk_${index}`);

/** Every read of a page, with the page's own parameters. */
const queries: Record<string, (round: number) => Promise<unknown>> = {
  "overview: the last minute": () => sumLedger(db, ago(MINUTE_MS)),
  "overview: today": () => sumUsage(db, midnight, null),
  "overview: chart of an hour": () => usageByMinute(db, ago(HOUR_MS), null),
  "overview: refusals of an hour": () => refusalsByMinute(db, ago(HOUR_MS), null),
  "brakes: what each has refused": () => refusedByBrakes(db, brakeIds),
  "brakes: what each would have refused": () => observedByBrakes(db, brakeIds),
  "tiers: what watched limits would have refused": () =>
    observedSince(db, { since: ago(DAY_MS), names: ["requests-per-minute-watched", "other"], most: 1000 }),
  "tiers: a version's outcome": () => servedAndRefused(db, { tenantIds, from: ago(DAY_MS), to: new Date(now) }),
  "status: how providers answered": () => answersOf(db, ago(15 * MINUTE_MS)),
  "tenants: client libraries of a week": (round) =>
    readClients(db, { tenantId: tenantOf(round), since: ago(7 * DAY_MS) }),
  "overview: changes": () => changesSince(db, ago(HOUR_MS)),
  "requests: one by its id": () => findLedgerRow(db, id),
  "requests: newest 100 of a tenant": (round) =>
    listLedger(db, {
      tenant: `tenant-${1 + (round % TENANTS)}`,
      since: ago(DAYS * DAY_MS),
      limit: 100,
      after: null,
      find: null,
      userDigest: null,
    }),
  "requests: 100 from ten days ago": (round) =>
    listLedger(db, {
      tenant: `tenant-${1 + (round % TENANTS)}`,
      since: ago(DAYS * DAY_MS),
      limit: 100,
      after: { endedAt: ago(10 * DAY_MS), requestId: id },
      find: null,
      userDigest: null,
    }),
  "requests: a search that finds nothing": (round) =>
    listLedger(db, {
      tenant: `tenant-${1 + (round % TENANTS)}`,
      since: ago(DAYS * DAY_MS),
      limit: 50,
      after: null,
      find: "no such thing",
      userDigest: "nobody",
    }),
  "requests: a tenant's newest refused": () =>
    listRefusedCalls(db, { tenant: "tenant-1", limit: 50, after: null, find: null, userDigest: null }),
  "requests: a search in the refused that finds nothing": () =>
    listRefusedCalls(db, { tenant: "tenant-1", limit: 50, after: null, find: "no such thing", userDigest: "nobody" }),
  "requests: no such id": () => findRefusedCall(db, id),
  "usage: a day by the hour, all tenants": () => usageSeries(db, { tenantId: null, ...range("hour", 1), by: null }),
  "usage: a month by the day, all tenants": () => usageSeries(db, { tenantId: null, ...range("day", DAYS), by: null }),
  "usage: a month by the day and model": (round) =>
    usageSeries(db, { tenantId: tenantOf(round), ...range("day", DAYS), by: "model" }),
  "usage: a week by the hour and key": () => usageSeries(db, { tenantId: large, ...range("hour", 7), by: "key" }),
  "usage: a month's users of the largest tenant": () =>
    usageTotals(db, { tenantId: large, ...range("day", DAYS), by: "user", most: 1000 }),
  "usage: a month's tenants": () =>
    usageTotals(db, { tenantId: null, ...range("day", DAYS), by: "tenant", most: 1000 }),
  "usage: estimates of a day": () => estimatesByFeature(db, { tenant: "tenant-1", since: ago(DAY_MS) }),
  "refusals: a day": () => refusalTotals(db, { tenantId: null, since: ago(DAY_MS) }),
  "refusals: a month of a tenant": () => refusalTotals(db, { tenantId: large, since: ago(DAYS * DAY_MS) }),
  "budgets: spent": () => readSpend(db, ["bud_tenant", "bud_user"], ago(31 * DAY_MS), 20),
  "budgets: thresholds": () => readBudgetEvents(db, ["bud_tenant", "bud_user"], ago(31 * DAY_MS)),
  "budgets: what moves one": () =>
    moversOf(db, { tenantId: large, level: "tenant", targetBooked: null, since: ago(HOUR_MS) }),
  "budgets: what moves everybody's": () =>
    moversOf(db, { tenantId: null, level: "global", targetBooked: null, since: ago(HOUR_MS) }),
  "alerts: traffic of an hour": () => trafficSince(db, ago(HOUR_MS)),
  "alerts: upstream of five minutes": () => upstreamSince(db, ago(5 * MINUTE_MS)),
  "keys: use of a leaked one": (round) => keyUseSince(db, `key_${1 + (round % TENANTS)}_1`, ago(DAY_MS)),
  "prices: coverage of a month": () => coverageSince(db, ago(DAYS * DAY_MS)),
  "reconciliation: a month by day and model": () =>
    bookedByDay(db, { models: ["sim-small", "sim-large", "sim-vision"], from: ago(DAYS * DAY_MS), to: new Date(now) }),
  "reconciliation: a tenant's day from the rows": (round) => spentSince(db, tenantOf(round), midnight),
};

const quantile = (list: readonly number[], share: number) =>
  [...list].sort((left, right) => left - right)[Math.min(list.length - 1, Math.floor(list.length * share))] ?? 0;
const times = new Map<string, number[]>();
// Interleaved, so that the machine's noise affects all equally; the first rounds warm up the caches.
for (let round = -3; round < ROUNDS; round++) {
  for (const [name, query] of Object.entries(queries)) {
    const began = performance.now();
    await query(round + 3);
    if (round >= 0) times.set(name, [...(times.get(name) ?? []), performance.now() - began]);
  }
}
console.table(
  [...times].map(([query, list]) => ({
    query,
    "median ms": quantile(list, 0.5).toFixed(1),
    "p95 ms": quantile(list, 0.95).toFixed(1),
  })),
);
const worst = Math.max(...[...times.values()].map((list) => quantile(list, 0.95)));

/** The same figures from the rows, once: the time that the sums save, and whether they are right. */
const began = performance.now();
const { rows: raw } = await client.query(
  "select count(*)::float8 as calls, sum(input_tokens)::float8 as input, sum(output_tokens)::float8 as output, sum(cost_micro_usd)::float8 as cost from ledger",
);
const rawMs = performance.now() - began;
const equal: boolean[] = [];
for (const grain of ["minute", "hour", "key_hour", "day", "user"]) {
  const { rows } = await client.query(
    "select sum(calls)::float8 as calls, sum(input_tokens)::float8 as input, sum(output_tokens)::float8 as output, sum(cost_micro_usd)::float8 as cost from usage where grain = $1",
    [grain],
  );
  equal.push(JSON.stringify(rows) === JSON.stringify(raw));
}
const monthMs = quantile(times.get("usage: a month's tenants") ?? [], 0.5);
console.log(`slowest p95: ${worst.toFixed(1)} ms (wanted: at most 100)`);
console.log(
  `a month's sum from the rows: ${rawMs.toFixed(0)} ms, ${(rawMs / monthMs).toFixed(0)} times what the sums take`,
);
console.log(`sums equal the rows at all ${equal.length} grains: ${equal.every(Boolean)}`);
if (process.argv.includes("--json")) {
  console.log(
    JSON.stringify({
      rows: ROWS,
      slowestP95Ms: Math.round(worst * 10) / 10,
      rawToSums: Math.round(rawMs / monthMs),
      sumsEqualRows: equal.every(Boolean),
    }),
  );
}
await client.end();
await opened.close();
await postgres.stop();
fs.rmSync(folder, { recursive: true, force: true });
process.exit(0);
