import fs from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type OpenDatabase, openDatabase } from "@/db/client";
import { startTestDatabase, type TestDatabase } from "@/db/embedded/database.suite";
import { findLedgerRow } from "@/db/queries/books/books";
import { insertLedger, type LedgerInsert } from "@/db/queries/books/record";
import { listRefusedCalls, type RefusedCall } from "@/db/queries/books/refused";
import { servedAndRefused } from "@/db/queries/limits/tier-versions";
import { refusalsByMinute } from "@/db/queries/overview/overview";
import { makeLog } from "@/lib/log";
import { Books } from "./books";
import type { Orphan } from "./journal";
import type { Intent } from "./journal-line";

const NOW = Date.parse("2026-11-21T12:00:30Z");
const log = makeLog("silent");
const clock = { now: () => NOW };
let database: TestDatabase;
let opened: OpenDatabase;
let folder: string;
let serial = 0;

beforeAll(async () => {
  database = await startTestDatabase({ demoAt: NOW });
  opened = database.opened;
});
beforeEach(() => {
  serial += 1;
  folder = path.join(database.folder, `journal-${serial}`);
});
afterAll(async () => {
  await database.close();
});

const books = () => new Books({ folder, db: opened.db, log, clock });

function intent(requestId: string): Intent {
  return {
    requestId,
    tenantId: "tenant_free",
    tierId: "tier_free",
    keyId: "k",
    keyFamilyId: "k",
    userDigest: "u",
    feature: null,
    endpoint: "chat",
    askedModel: "m",
    servedModel: "m",
    providerId: "p",
    policyVersion: 1,
    stream: true,
    estimatedInputTokens: 7,
    reservedOutputTokens: 16,
    inputPrice: 1,
    cachedInputPrice: 1,
    outputPrice: 1,
    price: { input: 1, cachedInput: 1, output: 1 },
    admittedAt: new Date(NOW - 1000),
    instanceId: "i",
  };
}

function row(requestId: string, more: Partial<LedgerInsert> = {}): LedgerInsert {
  return {
    ...intent(requestId),
    inputTokens: 5,
    cachedInputTokens: 0,
    outputTokens: 9,
    usageSource: "provider",
    costMicroUsd: 3,
    ending: "complete",
    upstreamStatus: 200,
    upstreamHeadersMs: 4,
    totalMs: 1000,
    endedAt: new Date(NOW),
    ...more,
  };
}

const crashed = ({ intent: lost, usage }: Orphan) => row(lost.requestId, { ...usage, ending: "crashed" });
const stored = async (requestId: string) => (await findLedgerRow(opened.db, requestId)).map((found) => found.row);

describe("every call that was sent has one row", () => {
  test("a call that ended is committed by the next drain, and its journal is forgotten", async () => {
    const one = books();
    one.open(intent("a1"), "ann");
    one.close(row("a1"));
    await one.drain();
    expect(await stored("a1")).toMatchObject([{ requestId: "a1", outputTokens: 9 }]);
    await one.stop();
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  test("a call that a dead process left open is closed with its last noted usage, once", async () => {
    const dead = books();
    dead.open(intent("b1"), null);
    dead.note("b1", { inputTokens: 6, cachedInputTokens: 0, outputTokens: 2 });
    dead.note("b1", { inputTokens: 6, cachedInputTokens: 0, outputTokens: 4 });
    const next = books();
    expect(await next.recover(crashed)).toHaveLength(1);
    expect(await stored("b1")).toMatchObject([{ ending: "crashed", inputTokens: 6, outputTokens: 4 }]);
    expect(await books().recover(crashed)).toEqual([]);
  });

  test("a row that was journaled but not committed is committed by the next process, as it was", async () => {
    const dead = books();
    dead.open(intent("c1"), null);
    dead.close(row("c1"));
    expect(await books().recover(crashed)).toEqual([]);
    expect(await stored("c1")).toMatchObject([{ ending: "complete", outputTokens: 9 }]);
  });

  test("a row that was committed but not forgotten is not doubled and not changed", async () => {
    const dead = books();
    dead.open(intent("d1"), null);
    dead.close(row("d1"));
    await insertLedger(opened.db, [row("d1")]);
    await books().recover(crashed);
    expect(await stored("d1")).toHaveLength(1);
  });

  test("a line cut short by the kill is skipped, the ones before it count", async () => {
    const dead = books();
    dead.open(intent("e1"), null);
    dead.open(intent("e2"), null);
    const file = path.join(folder, fs.readdirSync(folder)[0] ?? "");
    const { length } = fs.readFileSync(file, "utf8").trimEnd();
    fs.truncateSync(file, length - 20);
    expect((await books().recover(crashed)).map((closed) => closed.requestId)).toEqual(["e1"]);
  });

  test("with the database away rows wait, and are committed when it is back", async () => {
    const away = await openDatabase({ url: database.postgres.url, log });
    const one = new Books({ folder, db: away.db, log, clock });
    one.open(intent("f1"), null);
    one.close(row("f1"));
    await away.close();
    await one.drain();
    await one.drain();
    expect(await stored("f1")).toEqual([]);
    await books().recover(crashed);
    expect(await stored("f1")).toHaveLength(1);
  });

  test("many calls over many segments leave nothing behind", async () => {
    const one = books();
    const padding = "x".repeat(4000);
    for (let call = 0; call < 2000; call++) one.open({ ...intent(`g${call}`), feature: padding }, null);
    expect(fs.readdirSync(folder).length).toBeGreaterThan(1);
    for (let call = 0; call < 2000; call++) one.close(row(`g${call}`));
    await one.drain();
    await one.stop();
    expect(fs.readdirSync(folder)).toEqual([]);
    expect(await stored("g1999")).toHaveLength(1);
  });
});

function refusedCall(requestId: string): RefusedCall {
  return {
    requestId,
    at: new Date(NOW),
    tenantId: "tenant_free",
    keyId: "k",
    keyFamilyId: "k",
    userDigest: "",
    feature: null,
    session: null,
    agent: null,
    tags: null,
    endpoint: "chat",
    askedModel: "m",
    model: "m",
    providerId: "p",
    stream: false,
    client: "other",
    priority: "standard",
    estimatedInputTokens: 7,
    reservedOutputTokens: 16,
    inputPrice: 1,
    outputPrice: 1,
    heldFeesMicroUsd: 0,
    policyVersion: 1,
    permits: 1,
    code: "rate_limit_exceeded",
    message: "No.",
    layer: "tenant",
    dimension: "requests",
    limitName: "r",
    retryAfterMs: 1000,
    met: [],
    clientAddress: "127.0.0.1",
  };
}

test("refusals are counted per minute and what refused", async () => {
  const call = () => refusedCall("req_counted");
  const one = books();
  const refusal = {
    tenantId: "tenant_free",
    code: "rate_limit_exceeded",
    layer: "tenant",
    dimension: "requests",
    limitName: "r",
  };
  for (let index = 0; index < 3; index++) one.refuse(refusal, call, null);
  await one.drain();
  one.refuse(refusal, call, null);
  one.refuse({ ...refusal, layer: "user" }, call, null);
  await one.drain();
  const counts = await refusalsByMinute(opened.db, new Date(NOW - 60_000), null);
  expect(counts.map(({ layer, count }) => ({ layer, count }))).toEqual(
    expect.arrayContaining([
      { layer: "tenant", count: 4 },
      { layer: "user", count: 1 },
    ]),
  );
  await one.stop();
});

test("of a storm of refusals all are counted, the first hundred and one a second are kept, and a search finds them", async () => {
  let at = NOW;
  const one = new Books({ folder, db: opened.db, log, clock: { now: () => at } });
  const counted = {
    tenantId: "tenant_enterprise",
    code: "storm",
    layer: "tenant",
    dimension: "requests",
    limitName: "r",
  };
  const idOf = (index: number) => `req_${String(index).padStart(6, "0")}`;
  const refuse = (index: number, more: Partial<RefusedCall> = {}) =>
    one.refuse(counted, () => ({ ...refusedCall(idOf(index)), tenantId: counted.tenantId, ...more }), null);
  for (let index = 0; index < 1000; index++) refuse(index);
  at += 3000;
  for (let index = 1000; index < 1010; index++) refuse(index, { limitName: "odd_name 100%" });
  await one.drain();
  const list = (find: string | null, after: string | null = null) =>
    listRefusedCalls(opened.db, { tenant: "enterprise", limit: 200, after, find, userDigest: null });
  expect(await list(null)).toHaveLength(103);
  expect((await list("ODD name 100%")).map((row) => row.requestId)).toEqual([idOf(1002), idOf(1001), idOf(1000)]);
  expect(await list("oddXname")).toEqual([]);
  expect((await list(null, idOf(3))).map((row) => row.requestId)).toEqual([idOf(2), idOf(1), idOf(0)]);
  expect(await one.refusedCall(idOf(0))).toMatchObject({ retryAfterMs: 1000, at: new Date(NOW) });
  expect(await one.refusedCall(idOf(500))).toBeNull();
  const counts = await refusalsByMinute(opened.db, new Date(NOW - 60_000), null);
  expect(counts.filter((row) => row.code === "storm").reduce((sum, row) => sum + row.count, 0)).toBe(1010);
  await one.stop();
});

test("a version's outcome is summed over hours and minutes exactly, wherever its time begins and ends", async () => {
  const MINUTE_MS = 60_000;
  const start = Math.floor(NOW / 3_600_000) * 3_600_000 - 5 * 3_600_000;
  const minutes = Array.from({ length: 200 }, (_, index) => (index * 37) % 300);
  const tenantId = "tenant_standard";
  await insertLedger(
    opened.db,
    minutes.map((minute, index) =>
      row(`came-${index}`, { tenantId, endedAt: new Date(start + minute * MINUTE_MS + 1) }),
    ),
  );
  for (let from = 0; from < 300; from += 23) {
    for (let to = from; to <= 300; to += 31) {
      const range = { from: new Date(start + from * MINUTE_MS), to: new Date(start + to * MINUTE_MS) };
      const { calls } = await servedAndRefused(opened.db, { tenantIds: [tenantId], ...range });
      expect(calls, `${from} to ${to}`).toBe(minutes.filter((minute) => minute >= from && minute < to).length);
    }
  }
});
