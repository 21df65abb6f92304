import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestDatabase, type TestDatabase } from "@/db/embedded/database.suite";
import { bookedByDay } from "@/db/queries/money/usage";
import { usageTop } from "@/db/queries/money/usage-top";
import { fillDatabase } from "@/e2e/scale/fill";
import { SharedReads } from "../overview/shared-reads";
import { bookedDays } from "./reconciliation";
import { topUsage } from "./top-usage";

const HOUR_MS = 3_600_000;
const NOW = Date.now();
let database: TestDatabase;

beforeAll(async () => {
  database = await startTestDatabase({ demoAt: NOW });
  const client = new pg.Client({ connectionString: database.postgres.url });
  await client.connect();
  await fillDatabase(client, { tenants: 60, keysPerTenant: 2, calls: 4000, hours: 60 });
  await client.end();
}, 600_000);
afterAll(async () => {
  await database.close();
});

/** A console whose every query is counted, and takes this long by its clock. */
function consoleOf(tookMs: number) {
  const state = { elapsed: 0, queries: 0 };
  const { db } = database.opened;
  const counted = new Proxy(db, {
    get: (of, name) => {
      if (name !== "execute") return Reflect.get(of, name);
      return async (query: Parameters<typeof db.execute>[0]) => {
        const answer = await db.execute(query);
        state.elapsed += tookMs;
        state.queries += 1;
        return answer;
      };
    },
  });
  const context = { db: counted, shared: new SharedReads(() => state.elapsed), clock: { now: () => NOW } };
  return { context, state };
}

test.each(["tenant", "key"] as const)("kept sums by %s are those of one query over the whole range", async (by) => {
  const { context } = consoleOf(0);
  const { db } = database.opened;
  const ends = { to: new Date(NOW + HOUR_MS), tenantId: null, by, most: 10, drawn: 3 };
  for (const [grain, hours] of [
    ["hour", 24],
    ["hour", 1],
    ["day", 48],
  ] as const) {
    const stepMs = grain === "hour" ? HOUR_MS : 24 * HOUR_MS;
    const asked = { ...ends, grain, from: new Date(Math.ceil((NOW - hours * HOUR_MS) / stepMs) * stepMs) };
    expect(await topUsage(context, asked)).toEqual(await usageTop(db, asked));
    const few = { ...asked, most: 1000, drawn: 0 };
    expect(await topUsage(context, few)).toEqual(await usageTop(db, few));
  }
});

test("a page that asks again reads the newest hours and the drawn subjects, not the closed hours", async () => {
  const { context, state } = consoleOf(60);
  const asked = { tenantId: null, grain: "hour", by: "tenant", most: 10, drawn: 3 } as const;
  const range = { from: new Date(NOW - 24 * HOUR_MS), to: new Date(NOW + HOUR_MS) };
  const first = await topUsage(context, { ...asked, ...range });
  expect(state.queries).toBe(3);
  expect(await topUsage(context, { ...asked, ...range })).toEqual(first);
  expect(state.queries).toBe(5);
});

test("a reconciliation that is read again reads the newest two days only, and has all of them", async () => {
  const { context, state } = consoleOf(60);
  const { db } = database.opened;
  const days = { models: ["sim-small", "sim-large"], from: new Date(NOW - 30 * 24 * HOUR_MS), to: new Date(NOW) };
  const whole = await bookedByDay(db, days);
  expect(whole.length).toBeGreaterThan(2);
  const selects: unknown[] = [];
  const counted = new Proxy(db, {
    get: (of, name) => {
      if (name === "select") {
        selects.push(name);
        state.elapsed += 60;
      }
      return Reflect.get(of, name);
    },
  });
  const seen = { ...context, db: counted };
  expect(await bookedDays(seen, days)).toEqual(whole);
  expect(selects).toHaveLength(2);
  expect(await bookedDays(seen, days)).toEqual(whole);
  expect(selects).toHaveLength(3);
});
