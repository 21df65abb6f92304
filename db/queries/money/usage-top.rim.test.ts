import { sql } from "drizzle-orm";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OpenDatabase } from "@/db/client";
import { startTestDatabase, type TestDatabase } from "@/db/embedded/database.suite";
import { fillDatabase } from "@/e2e/scale/fill";
import { usageSeries, usageTotals } from "./usage";
import { type TopRow, usageTop } from "./usage-top";

const TENANTS = 200;
const HOUR_MS = 3_600_000;
let database: TestDatabase;
let opened: OpenDatabase;
const range = { tenantId: null, grain: "hour", from: new Date(0), to: new Date(Date.now() + HOUR_MS) } as const;

beforeAll(async () => {
  database = await startTestDatabase({ demoAt: Date.now() });
  opened = database.opened;
  const client = new pg.Client({ connectionString: database.postgres.url });
  await client.connect();
  await fillDatabase(client, { tenants: TENANTS, keysPerTenant: 2, calls: 5000, hours: 5 });
  await client.end();
}, 600_000);
afterAll(async () => {
  await database.close();
});

const costOf = (rows: readonly Pick<TopRow, "costMicroUsd">[]) => rows.reduce((sum, row) => sum + row.costMicroUsd, 0);

test("of many tenants an answer has the first ones and the sum of all others, per hour and in all", async () => {
  const all = await usageTotals(opened.db, { ...range, by: "tenant", most: 1000 });
  const { totals, rows } = await usageTop(opened.db, { ...range, by: "tenant", most: 10, drawn: 3 });
  expect(
    totals.slice(0, -1).map(({ subject, calls, costMicroUsd, merged }) => [subject, calls, costMicroUsd, merged]),
  ).toEqual(all.slice(0, 10).map(({ subject, calls, costMicroUsd }) => [subject, calls, costMicroUsd, 0]));
  expect(totals.at(-1)).toMatchObject({ subject: "", merged: all.length - 10, costMicroUsd: costOf(all.slice(10)) });
  const hours = new Set(rows.map((row) => row.bucket?.getTime()));
  expect(rows.length).toBeLessThanOrEqual(hours.size * 4);
  for (const hour of hours) {
    const series = await usageSeries(opened.db, { ...range, by: null });
    const own = series.find((one) => one.bucket.getTime() === hour);
    expect(costOf(rows.filter((row) => row.bucket?.getTime() === hour))).toBe(own?.costMicroUsd);
  }
  expect(new Set(rows.map((row) => row.merged))).toEqual(new Set([0, all.length - 3]));
  expect(costOf(rows)).toBe(costOf(all));
});

test("the sums of some keys, by the hour and by the day, are those of their rows in the ledger", async () => {
  const { rows: booked } = await opened.db.execute<{
    subject: string;
    calls: number;
    cost: number;
    tokens: number;
  }>(sql`
    select key_family_id as subject, count(*)::int as calls, sum(cost_micro_usd)::int as cost,
      sum(input_tokens + output_tokens)::int as tokens
    from ledger group by 1 order by cost desc, subject offset 3 limit 20`);
  const keyFamilyIds = booked.map(({ subject }) => subject);
  expect(keyFamilyIds).toHaveLength(20);
  for (const grain of ["hour", "day"] as const) {
    const of = { ...range, grain, by: "key", keyFamilyIds } as const;
    const found = await usageTotals(opened.db, { ...of, most: 1000 });
    const { totals, rows } = await usageTop(opened.db, { ...of, most: 1000, drawn: 0 });
    for (const sums of [found, totals]) {
      const shown = sums.map(({ subject, calls, costMicroUsd, inputTokens, outputTokens }) => {
        return { subject, calls, cost: costMicroUsd, tokens: inputTokens + outputTokens };
      });
      expect(shown).toEqual(booked);
    }
    expect(rows).toEqual([]);
  }
});

test("all hours and all tenants together are the ledger", async () => {
  const { rows: booked } = await opened.db.execute<{ calls: number; cost: number; broken: number }>(sql`
    select count(*)::int as calls, sum(cost_micro_usd)::int as cost,
      (count(*) filter (where ending <> 'complete'))::int as broken from ledger`);
  const { totals, rows } = await usageTop(opened.db, { ...range, by: "tenant", most: 5, drawn: 2 });
  for (const sums of [totals, rows]) {
    const sumOf = (figure: "calls" | "costMicroUsd" | "broken") => sums.reduce((sum, row) => sum + row[figure], 0);
    expect({ calls: sumOf("calls"), cost: sumOf("costMicroUsd"), broken: sumOf("broken") }).toEqual(booked[0]);
  }
});

test("with fewer subjects than are asked for, none are merged", async () => {
  const { totals, rows } = await usageTop(opened.db, { ...range, by: "model", most: 10, drawn: 6 });
  expect(totals).toHaveLength(3);
  expect([...totals, ...rows].every((row) => row.merged === 0)).toBe(true);
});
