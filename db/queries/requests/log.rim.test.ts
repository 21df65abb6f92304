import { sql } from "drizzle-orm";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OpenDatabase } from "@/db/client";
import { startTestDatabase, type TestDatabase } from "@/db/embedded/database.suite";
import { fillDatabase } from "@/e2e/scale/fill";
import { BUCKETED_OF_ONE_MAX, bookQuery, bucketsOf, FACETED_MAX, facetsOf, type LogFilter, readBook } from "./log";
import { SUMMED_MAX, summedFrom, sumsOf } from "./sums";
import { addTurnedAway } from "./turned-away";

/** More rows than one query may read; LOG_ROWS measures with more. */
const CALLS = Number(process.env.LOG_ROWS ?? 60_000);
const EVERYTHING: LogFilter = {
  tenantId: null,
  among: null,
  keyId: null,
  userDigest: null,
  model: null,
  endpoint: null,
  feature: null,
  session: null,
  agent: null,
  tag: null,
  kind: null,
  outcome: null,
  limitName: null,
  address: null,
  fromId: "req_0",
  toId: "req_g",
};
let database: TestDatabase;
let opened: OpenDatabase;

beforeAll(async () => {
  database = await startTestDatabase({ demoAt: Date.now() });
  opened = database.opened;
  const client = new pg.Client({ connectionString: database.postgres.url });
  await client.connect();
  await fillDatabase(client, { tenants: 50, keysPerTenant: 4, calls: CALLS, hours: 20 });
  await client.end();
}, 600_000);
afterAll(async () => {
  await database.close();
});

async function plan(filter: LogFilter): Promise<string> {
  const { rows } = await opened.db.execute<Record<string, string>>(sql`explain ${bookQuery("ledger", filter, 100)}`);
  return rows.flatMap((row) => Object.values(row)).join("\n");
}

test.each<[string, Partial<LogFilter>]>([
  ["everything", {}],
  ["one tenant", { tenantId: "tenant_many_7" }],
  ["one key", { keyId: "MANY00000007" }],
  ["a model that nobody has", { model: "none" }],
  ["failed calls of one address", { kind: "failed", address: "10.0.0.1" }],
])("%s is read off an index, and ends after a bounded number of rows", async (_name, narrowed) => {
  const text = await plan({ ...EVERYTHING, ...narrowed });
  expect(text).toMatch(/Index (Only )?Scan/);
  expect(text).not.toMatch(/Seq Scan on ledger/);
  expect(text).toContain("Limit");
});

test.each<[string, Partial<LogFilter>, number]>([
  ["of everything", {}, 50],
  ["of one tenant", { tenantId: "tenant_many_1" }, 50],
])("a page %s reads the rows that it shows, and no others", async (_name, narrowed, shown) => {
  const query = bookQuery("ledger", { ...EVERYTHING, ...narrowed }, shown);
  const { rows } = await opened.db.execute<Record<string, string>>(
    sql`explain (analyze, costs off, timing off) ${query}`,
  );
  const text = rows.flatMap((row) => Object.values(row)).join("\n");
  const read = [...text.matchAll(/on ledger\S*.*rows=(\d+)/g)].map((match) => Number(match[1]));
  expect(read.reduce((sum, one) => sum + one, 0)).toBe(shown);
});

test("page after page gives every call of a tenant once", async () => {
  const filter = { ...EVERYTHING, tenantId: "tenant_many_3" };
  const { rows } = await opened.db.execute<{ count: number }>(
    sql`select count(*)::int as count from ledger where tenant_id = 'tenant_many_3'`,
  );
  const seen = new Set<string>();
  let toId: string | null = filter.toId;
  while (toId !== null) {
    const page = await readBook(opened.db, "ledger", { ...filter, toId }, 200);
    for (const row of page.rows) seen.add(row.requestId);
    toId = page.to;
  }
  expect(seen.size).toBe(rows[0]?.count);
});

test("a streamed call has the time to its first token, and no other has", async () => {
  const { rows } = await readBook(opened.db, "ledger", EVERYTHING, 100);
  expect(rows.some((row) => row.stream)).toBe(true);
  for (const row of rows) expect(row.firstTokenMs !== null, row.requestId).toBe(row.stream);
});

test("a search that finds nothing ends, and says up to where it has looked", async () => {
  const page = await readBook(opened.db, "ledger", { ...EVERYTHING, model: "none" }, 50);
  expect(page.rows).toEqual([]);
  expect(page.to).not.toBeNull();
  const { counts, isCut } = await facetsOf(opened.db, "ledger", EVERYTHING);
  expect(isCut).toBe(true);
  const kinds = counts.filter((one) => one.facet === "kind");
  expect(kinds.reduce((sum, one) => sum + one.count, 0)).toBe(FACETED_MAX);
});

test("calls that were turned away are in the log, with how many they are, in facets and over time too", async () => {
  const at = Date.now();
  const requestId = `req_${at.toString(16).padStart(12, "0")}${"0".repeat(20)}`;
  const row = {
    minute: new Date(Math.floor(at / 60_000) * 60_000),
    code: "invalid_api_key",
    status: 401,
    requestId,
    tenantId: "tenant_many_1",
    keyId: "LEAKED000000",
    address: "203.0.113.9",
    path: "/v1/messages",
    model: "gpt-9",
  };
  await addTurnedAway(opened.db, [{ ...row, count: 390 }]);
  await addTurnedAway(opened.db, [{ ...row, count: 3, requestId: `${requestId.slice(0, -1)}1` }]);
  const filter = { ...EVERYTHING, keyId: "LEAKED000000" };
  const { rows } = await readBook(opened.db, "denied", filter, 10);
  expect(rows).toMatchObject([{ kind: "denied", outcome: "invalid_api_key", status: 401, count: 393, requestId }]);
  expect(rows).toMatchObject([{ askedModel: "gpt-9" }]);
  const { counts } = await facetsOf(opened.db, "denied", filter);
  expect(counts).toContainEqual({ facet: "outcome", value: "invalid_api_key", count: 393 });
  const buckets = await bucketsOf(opened.db, "denied", filter, 60);
  expect(buckets.counts).toEqual([{ bucket: Math.floor(at / 60_000), kind: "denied", count: 393 }]);
});

test("the histogram of one tenant counts its newest calls, and says from which one on", async () => {
  const { rows } = await opened.db.execute<{ tenant: string; calls: number }>(
    sql`select tenant_id as tenant, count(*)::int as calls from ledger group by 1 order by 2 desc limit 1`,
  );
  const { tenant = "", calls = 0 } = rows[0] ?? {};
  expect(calls).toBeGreaterThan(BUCKETED_OF_ONE_MAX);
  const { counts, oldest } = await bucketsOf(opened.db, "ledger", { ...EVERYTHING, tenantId: tenant }, 3600);
  expect(counts.reduce((sum, { count }) => sum + count, 0)).toBe(BUCKETED_OF_ONE_MAX);
  const newer = await opened.db.execute<{ calls: number }>(
    sql`select count(*)::int as calls from ledger where tenant_id = ${tenant} and request_id >= ${oldest}`,
  );
  expect(newer.rows).toEqual([{ calls: BUCKETED_OF_ONE_MAX }]);
});

test("sums by key name its tenant, and are those of the rows; the dearest comes first", async () => {
  const [fromId, toId] = await edges(0, 0.4);
  const filter = { ...EVERYTHING, model: "sim-large", fromId, toId };
  const { sums, total } = await sumsOf(opened.db, filter, { by: "key", order: "cost", most: 3 });
  const { rows } = await opened.db.execute<{ key: string; tenant: string; calls: number; cost: number }>(sql`
    select key_id as key, tenant_id as tenant, count(*)::int as calls, sum(cost_micro_usd)::int as cost from ledger
    where request_id >= ${fromId} and request_id < ${toId} and served_model = 'sim-large'
    group by 1, 2 order by cost desc, calls desc, key`);
  expect(total).toBe(rows.length);
  expect(sums.map(({ value, tenantId, calls, costMicroUsd }) => [value, tenantId, calls, costMicroUsd])).toEqual(
    rows.slice(0, 3).map(({ key, tenant, calls, cost }) => [key, tenant, calls, cost]),
  );
});

test("with more rows than are summed, every book is summed from the same call on", async () => {
  const { rows } = await opened.db.execute<{ id: string }>(
    sql`select request_id as id from ledger order by request_id desc offset 1000 limit 1`,
  );
  const fromId = await summedFrom(opened.db, EVERYTHING, 1000);
  expect(fromId > (rows[0]?.id ?? "")).toBe(true);
  const { sums } = await sumsOf(opened.db, { ...EVERYTHING, fromId }, { by: "model", order: "calls", most: 10 });
  expect(sums.reduce((all, one) => all + one.calls, 0)).toBe(1000);
  expect(await summedFrom(opened.db, EVERYTHING, SUMMED_MAX)).toBe(EVERYTHING.fromId);
});

/** Request ids that enclose a share of the rows. */
async function edges(first: number, last: number): Promise<readonly [string, string]> {
  const { rows } = await opened.db.execute<{ first: string; last: string }>(sql`
    select percentile_disc(${first}::float8) within group (order by request_id) as first,
      percentile_disc(${last}::float8) within group (order by request_id) as last from ledger`);
  return [rows[0]?.first ?? "", rows[0]?.last ?? ""];
}
