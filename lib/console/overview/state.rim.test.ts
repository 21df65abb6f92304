import { afterAll, beforeAll, expect, test } from "vitest";
import type { OpenDatabase } from "@/db/client";
import { startTestDatabase, type TestDatabase } from "@/db/embedded/database.suite";
import { beat, countInstances } from "@/db/queries/fleet/instances";
import { countOpenAlerts, insertAlerts, putRule, readAlerts } from "@/db/queries/operators/alerts";
import { leastRefused, refusedMinutes } from "@/db/queries/overview/activity";
import { refusalCounts, refusedCalls, usage } from "@/db/schema/books";
import { HOUR_MS, MINUTE_MS } from "@/lib/clock";
import { newRequestId } from "@/lib/request-id";
import { callsFrom } from "./hour-before";
import { OverviewWatch } from "./overview-watch";

const START = Date.parse("2026-11-21T12:00:00Z");
const NEWEST = 30;
let database: TestDatabase;
let opened: OpenDatabase;

beforeAll(async () => {
  database = await startTestDatabase();
  opened = database.opened;
});
afterAll(async () => {
  await database.close();
});

test("an alert that is open for long is found and counted, however many newer ones have ended", async () => {
  const { db } = opened;
  const rule = { id: "r", name: "r", kind: "brake", params: { kind: "brake" }, severity: "critical", channelIds: [] };
  await putRule(db, rule);
  const alert = (index: number, severity: string, isOver: boolean) => ({
    id: `a${index}`,
    ruleId: "r",
    dedupeKey: `k${index}`,
    title: `t${index}`,
    detail: {},
    severity,
    startedAt: new Date(START + index * 1000),
    endedAt: isOver ? new Date(START + index * 1000 + 500) : null,
  });
  const newer = Array.from({ length: 2 * NEWEST }, (_, index) => alert(10 + index, "info", true));
  await insertAlerts(db, [alert(0, "critical", false), alert(1, "warning", false), ...newer]);
  const read = async (state: "open" | "over" | null) =>
    (await readAlerts(db, { before: new Date("9999-01-01"), state, limit: NEWEST })).map((one) => one.alert.id);
  expect(await read(null)).not.toContain("a0");
  expect(await read("open")).toEqual(["a1", "a0"]);
  expect(await read("over")).toHaveLength(NEWEST);
  expect(await countOpenAlerts(db)).toEqual({
    open: 2,
    critical: 1,
    oldestAt: new Date(START).toISOString(),
    wishes: 0,
  });
});

test("since when a process is without its store is kept until it is back", async () => {
  const { db } = opened;
  const vitals = { release: "1", openCalls: 0, decisionP95Ms: null, store: "redis" };
  const tell = async (isStoreAway: boolean) => {
    await beat(db, "one", { ...vitals, policyVersion: 1, isStoreAway });
    return (await countInstances(db, 1)).storeAwayAt?.getTime() ?? null;
  };
  expect(await tell(false)).toBeNull();
  const since = await tell(true);
  expect(since).not.toBeNull();
  expect(await tell(true)).toBe(since);
  expect(await tell(false)).toBeNull();
});

test("today is every hour since midnight once, from the first minute of a day to its last", async () => {
  const { db } = opened;
  const midnight = Date.parse("2026-11-21T00:00:00Z");
  const rest = { tenantId: "t", model: "m", keyFamilyId: "", feature: "", userDigest: "", broken: 0, degraded: 0 };
  // Each hour, from the day before on, costs twice as much as the one before: every other sum is another number.
  const hours = Array.from({ length: 30 }, (_, index) => ({
    ...{
      ...rest,
      grain: "hour",
      bucket: new Date(midnight + (index - 6) * HOUR_MS),
      calls: 1,
      costMicroUsd: 2 ** index,
    },
    ...{ inputTokens: 1, cachedInputTokens: 0, outputTokens: 1 },
  }));
  await db.insert(usage).values(hours.slice(0, 6));
  const watch = new OverviewWatch();
  for (let minute = 0; minute < 24 * 60; minute += 20) {
    const now = midnight + minute * MINUTE_MS;
    const reached = 6 + Math.floor((minute * MINUTE_MS) / HOUR_MS) + 1;
    await db.insert(usage).values(hours.slice(0, reached)).onConflictDoNothing();
    const past = hours.slice(6, reached);
    expect(await watch.today(db, now)).toEqual({
      calls: past.length,
      costMicroUsd: past.reduce((sum, hour) => sum + hour.costMicroUsd, 0),
    });
  }
});

test("a call that ended with an hour, and is booked a moment later, counts in today at once", async () => {
  const { db } = opened;
  const noon = START + 30 * 24 * HOUR_MS;
  const of = { grain: "hour", tenantId: "t", model: "m", keyFamilyId: "", feature: "", userDigest: "", degraded: 0 };
  const sums = { broken: 0, calls: 1, costMicroUsd: 7, inputTokens: 1, cachedInputTokens: 0, outputTokens: 1 };
  const watch = new OverviewWatch();
  expect(await watch.today(db, noon + 100)).toEqual({ calls: 0, costMicroUsd: 0 });
  await db.insert(usage).values({ ...of, ...sums, bucket: new Date(noon - HOUR_MS) });
  for (const ms of [200, 60_000, 130_000]) {
    expect(await watch.today(db, noon + ms)).toEqual({ calls: 1, costMicroUsd: 7 });
  }
});

test("the hour before counts admitted and refused calls of its minutes, and none of other hours", async () => {
  const { db } = opened;
  const from = START - 3 * 24 * HOUR_MS;
  const at = (minute: number) => new Date(from + minute * MINUTE_MS);
  const served = { grain: "minute", tenantId: "t", model: "m", keyFamilyId: "", feature: "", userDigest: "" };
  const none = { broken: 0, degraded: 0, inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, costMicroUsd: 0 };
  const minutes = [-1, 0, 7, 59, 60].map((minute) => ({ ...served, ...none, bucket: at(minute), calls: 2 }));
  await db.insert(usage).values(minutes);
  const refused = { tenantId: "t", code: "rate_limit_exceeded", layer: "key", dimension: "requests", limitName: "l" };
  await db.insert(refusalCounts).values([-1, 7, 8, 60].map((minute) => ({ ...refused, minute: at(minute), count: 5 })));
  const calls = await callsFrom(db, from);
  expect(calls.flatMap((count, minute) => (count === 0 ? [] : [[minute, count]]))).toEqual([
    [0, 2],
    [7, 7],
    [8, 5],
    [59, 2],
  ]);
});

test("the smallest refused call of a limit is that of its tenant since the moment, by the limit that refused it", async () => {
  const { db } = opened;
  const limit = { layer: "tenant", dimension: "total_tokens", name: "per-minute" } as const;
  const met = (asked: number) => ({
    ...limit,
    ...({ algorithm: "fixed_window", limit: 1000, used: 900, remaining: 100, waitMs: 1, observe: false } as const),
    asked,
  });
  const refusal = (tenantId: string, at: number, asked: number) => ({
    ...{ requestId: newRequestId(at), at: new Date(at), tenantId, keyId: "k", keyFamilyId: "f", userDigest: "u" },
    ...{ endpoint: "chat", askedModel: "m", model: "m", providerId: "p", stream: false, code: "c", message: "m" },
    ...{ estimatedInputTokens: 1, reservedOutputTokens: 1, inputPrice: 1, outputPrice: 1, policyVersion: 1 },
    ...{ layer: limit.layer, dimension: limit.dimension, limitName: limit.name, client: "", clientAddress: "" },
    met: [met(asked), { ...met(1), name: "another" }],
  });
  await db
    .insert(refusedCalls)
    .values([
      refusal("a", START, 400),
      refusal("a", START + 1, 300),
      refusal("a", START - HOUR_MS, 200),
      refusal("b", START, 9),
    ]);
  expect(await leastRefused(db, ["a"], new Date(START))).toEqual([{ tenantId: "a", ...limit, asked: 300 }]);
  expect((await leastRefused(db, null, new Date(START))).map(({ asked }) => asked).sort()).toEqual([300, 9]);
  expect(await leastRefused(db, [], new Date(START))).toEqual([]);
});

test("the minutes in which a tenant's limits refused it, without those of a brake and of other tenants", async () => {
  const { db } = opened;
  const day = START - 24 * HOUR_MS;
  const refused = (tenantId: string, minutes: number, code = "rate_limit_exceeded", limitName = "l") => ({
    ...{ minute: new Date(day + minutes * MINUTE_MS), tenantId, code, limitName },
    ...{ layer: "tenant", dimension: "requests", count: 3 },
  });
  await db
    .insert(refusalCounts)
    .values([
      refused("m", 9),
      refused("m", 4),
      refused("m", 9, "rate_limit_exceeded", "other"),
      refused("m", 12, "kill_switch_active"),
      refused("m", -1),
      refused("n", 5),
    ]);
  const found = await refusedMinutes(db, ["m"], new Date(day));
  expect([...found]).toEqual([["m", [day + 4 * MINUTE_MS, day + 9 * MINUTE_MS]]]);
});
