import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type OpenDatabase, openDatabase } from "@/db/client";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@/db/embedded/postgres";
import { findLedgerRow, observedSince } from "@/db/queries/books";
import type { LedgerInsert } from "@/db/queries/record";
import { insertDemo } from "@/db/seed";
import { makeLog } from "@/lib/log";
import { Books } from "./books";

const NOW = Date.parse("2026-11-21T12:00:30Z");
const NUL = "x\u0000y";
const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-books-faults-"));
const log = makeLog("silent");
const clock = { now: () => NOW };
const KEY = "free00000000";
let postgres: EmbeddedPostgres;
let opened: OpenDatabase;
let folder: string;
let serial = 0;

beforeAll(async () => {
  postgres = await startEmbeddedPostgres(dataDir);
  opened = await openDatabase({ url: postgres.url, log });
  const key = (name: string) => ({ id: name.padEnd(12, "0"), hmac: "00", last4: "0000" });
  await insertDemo(opened.db, {
    now: new Date(NOW),
    keys: { free: key("free"), standard: key("std"), enterprise: key("ent"), loop: key("loop") },
  });
});
beforeEach(() => {
  serial += 1;
  folder = path.join(dataDir, `journal-${serial}`);
});
afterAll(async () => {
  await opened.close();
  await postgres.stop();
  fs.rmSync(dataDir, { recursive: true, force: true });
});

function booksThatTell() {
  const told: string[] = [];
  const seen = {
    row: () => undefined,
    refusal: () => undefined,
    aside: (what: string) => told.push(`aside ${what}`),
    failed: (what: string) => told.push(`failed ${what}`),
  };
  return { books: new Books({ folder, db: opened.db, log, clock, seen }), told };
}

function intent(requestId: string) {
  return {
    requestId,
    ...{ tenantId: "tenant_free", tierId: "tier_free", keyId: KEY, keyFamilyId: KEY, userDigest: requestId },
    ...{ feature: null, endpoint: "chat", askedModel: "m", servedModel: "m", providerId: "p", policyVersion: 1 },
    ...{ stream: true, estimatedInputTokens: 7, reservedOutputTokens: 16 },
    ...{ inputPrice: 1, cachedInputPrice: 1, outputPrice: 1, admittedAt: new Date(NOW - 1000), instanceId: "i" },
  };
}

function row(requestId: string, more: Partial<LedgerInsert> = {}): LedgerInsert {
  return {
    ...intent(requestId),
    ...{ inputTokens: 5, cachedInputTokens: 0, outputTokens: 9, usageSource: "provider", costMicroUsd: 3 },
    ...{ ending: "complete", upstreamStatus: 200, upstreamHeadersMs: 4, totalMs: 1000, endedAt: new Date(NOW) },
    ...more,
  };
}

const asides = () =>
  fs
    .readFileSync(path.join(folder, "set-aside.ndjson"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

async function usersNamed(...names: string[]): Promise<unknown[]> {
  const found = await opened.db.execute(sql`select name from users where name in ${names} order by name`);
  return found.rows.map(({ name }) => name);
}

async function lastUsed(): Promise<boolean> {
  const found = await opened.db.execute(sql`select 1 from keys where id = ${KEY} and last_used_at is not null`);
  await opened.db.execute(sql`update keys set last_used_at = null`);
  return found.rows.length === 1;
}

describe("one row that the database refuses keeps no other out", () => {
  test("a user's name: the other names go in, and so do all steps after it", async () => {
    const { books, told } = booksThatTell();
    books.open(intent("a1"), "ann");
    books.open(intent("a2"), NUL);
    books.open(intent("a3"), "bob");
    await books.drain();
    expect(await usersNamed("ann", "bob")).toEqual(["ann", "bob"]);
    expect(await lastUsed()).toBe(true);
    expect(told).toEqual(["aside users"]);
    expect(asides()).toMatchObject([{ what: "users", row: { digest: "a2", name: NUL } }]);
  });

  test("a ledger row: the others are committed, it is set aside once, and the journal is done with all", async () => {
    const { books, told } = booksThatTell();
    const rows = Array.from({ length: 20 }, (_, index) => row(`b${index}`, index === 13 ? { feature: NUL } : {}));
    for (const one of rows) books.open(intent(one.requestId), null);
    for (const one of rows) books.close(one);
    await books.drain();
    await books.drain();
    for (const { requestId } of rows) {
      expect(await findLedgerRow(opened.db, requestId)).toHaveLength(requestId === "b13" ? 0 : 1);
    }
    expect(told).toEqual(["aside ledger"]);
    expect(asides()).toMatchObject([{ what: "ledger", row: { requestId: "b13", outputTokens: 9 } }]);
    await books.stop();
    expect(fs.readdirSync(folder)).toEqual(["set-aside.ndjson"]);
  });
});

test("a step that fails stops no other, and its rows go in when it can", async () => {
  const { books, told } = booksThatTell();
  const thing = { tenantId: "tenant_free", layer: "tenant", dimension: "requests", limitName: "o" };
  const observed = () => observedSince(opened.db, { since: new Date(NOW - 60_000), names: ["o"], most: 1 });
  await opened.db.execute(sql`alter table observed_counts rename to elsewhere`);
  books.open(intent("c1"), "cas");
  books.close(row("c1"));
  books.observed(thing);
  await books.drain();
  books.observed(thing);
  await books.drain();
  expect(await findLedgerRow(opened.db, "c1")).toHaveLength(1);
  expect(await usersNamed("cas")).toEqual(["cas"]);
  expect(await lastUsed()).toBe(true);
  expect(told).toEqual(["failed observed", "failed observed"]);
  await opened.db.execute(sql`alter table elsewhere rename to observed_counts`);
  await books.drain();
  expect(await observed()).toMatchObject([{ name: "o", count: 2 }]);
  await books.stop();
});
