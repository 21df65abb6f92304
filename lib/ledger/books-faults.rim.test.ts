import fs from "node:fs";
import path from "node:path";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { OpenDatabase } from "@/db/client";
import { startTestDatabase, type TestDatabase } from "@/db/embedded/database.suite";
import { findLedgerRow, observedSince } from "@/db/queries/books/books";
import type { LedgerInsert } from "@/db/queries/books/record";
import { makeLog } from "@/lib/log";
import { Books } from "./books";
import type { Orphan } from "./journal";

const NOW = Date.parse("2026-11-21T12:00:30Z");
const NUL = "x\u0000y";
const log = makeLog("silent");
const clock = { now: () => NOW };
const KEY = "free00000000";
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
    tenantId: "tenant_free",
    tierId: "tier_free",
    keyId: KEY,
    keyFamilyId: KEY,
    userDigest: requestId,
    feature: null,
    endpoint: "chat",
    askedModel: "m",
    servedModel: "m",
    providerId: "p",
    policyVersion: 1,
    stream: true,
    estimatedInputTokens: 7,
    reservedOutputTokens: 16,
    price: { input: 1, cachedInput: 1, output: 1 },
    inputPrice: 1,
    cachedInputPrice: 1,
    outputPrice: 1,
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
    expect(await usersNamed("ann", "bob", "x\ufffdy")).toEqual(["ann", "bob", "x\ufffdy"]);
    expect(await lastUsed()).toBe(true);
    expect(told).toEqual([]);
  });

  test("a ledger row: the others are committed, it is set aside once, and the journal is done with all", async () => {
    const { books, told } = booksThatTell();
    const rows = Array.from({ length: 20 }, (_, index) => row(`b${index}`, index === 13 ? { inputTokens: 1e12 } : {}));
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

test("text that the database does not store hides no bill: its characters are replaced", async () => {
  const { books, told } = booksThatTell();
  const odd = row("k1", { feature: NUL, serviceTier: "half \ud83d", answerId: "\udc00\u0000" });
  for (const one of [row("k0"), odd, row("k2")]) books.open(intent(one.requestId), null);
  for (const one of [row("k0"), odd, row("k2")]) books.close(one);
  await books.drain();
  for (const id of ["k0", "k2"]) expect(await findLedgerRow(opened.db, id)).toHaveLength(1);
  expect((await findLedgerRow(opened.db, "k1")).map((found) => found.row)).toMatchObject([
    { outputTokens: 9, feature: "x\ufffdy", serviceTier: "half \ufffd", answerId: "\ufffd\ufffd" },
  ]);
  expect(told).toEqual([]);
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

describe("a journal that cannot be read through", () => {
  const usage = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 1 };
  const closed = (more: object) => JSON.stringify({ kind: "close", row: { ...row("lost"), ...more } });
  const crashed = ({ intent: lost, usage: noted }: Orphan) => row(lost.requestId, { ...noted, ending: "crashed" });

  /** What a dead process left: a call that ended, one that did not, and between them a line. */
  function leave(id: string, line: string): void {
    const dead = booksThatTell().books;
    dead.open(intent(`${id}-done`), null);
    const [file = ""] = fs.readdirSync(folder);
    fs.appendFileSync(path.join(folder, file), `${line}\n`);
    dead.close(row(`${id}-done`));
    dead.open(intent(`${id}-open`), null);
  }

  test.each([
    ["null", "null"],
    ["a list", "[]"],
    ["text", '"x"'],
    ["half a line", closed({}).slice(0, 200)],
    ["two lines in one", `{"kind":"no${closed({})}`],
    ["a kind that is not known", '{"kind":"odd"}'],
    ["a close without its row", '{"kind":"close"}'],
    ["an open without its call", '{"kind":"open","intent":null}'],
    ["a broken date", closed({ endedAt: "yesterday" })],
    ["an impossible date", closed({ endedAt: "2026-13-45T00:00:00.000Z" })],
    ["no date", closed({ admittedAt: null })],
    ["a broken number", closed({ outputTokens: "9" })],
    ["a number below zero", closed({ costMicroUsd: -5 })],
    ["a fraction", closed({ inputTokens: 0.5 })],
    ["a number that no column holds", closed({ inputTokens: 1e12 })],
    ["usage of no call", JSON.stringify({ kind: "note", requestId: "none", usage, at: new Date(NOW) })],
  ])("%s is set aside, the rest goes in, and the next start finds nothing", async (name, line) => {
    const id = `d${name.replaceAll(" ", "-")}`;
    leave(id, line);
    const { books, told } = booksThatTell();
    expect((await books.recover(crashed)).map(({ requestId }) => requestId)).toEqual([`${id}-open`]);
    for (const end of ["done", "open"]) expect(await findLedgerRow(opened.db, `${id}-${end}`)).toHaveLength(1);
    expect(told).toHaveLength(1);
    expect(asides()).toHaveLength(1);
    const next = booksThatTell();
    expect(await next.books.recover(crashed)).toEqual([]);
    expect(next.told).toEqual([]);
  });

  test("a directory in place of a file is put away", async () => {
    leave("e", "");
    fs.mkdirSync(path.join(folder, "0000000500.ndjson", "inner"), { recursive: true });
    const { books, told } = booksThatTell();
    expect(await books.recover(crashed)).toHaveLength(1);
    expect(told).toEqual(["aside journal"]);
    expect(fs.readdirSync(folder).filter((name) => name.startsWith("unread-"))).toHaveLength(1);
    const next = booksThatTell();
    await next.books.recover(crashed);
    expect(next.told).toEqual([]);
  });

  test("a journal that can no longer be written ends no call and loses no row", async () => {
    const { books, told } = booksThatTell();
    books.open(intent("f1"), null);
    const write = vi.spyOn(fs, "writeSync").mockImplementation(() => {
      throw new Error("ENOSPC");
    });
    books.note("f1", usage);
    books.close(row("f1"));
    expect(() => books.open(intent("f2"), null)).toThrow("ENOSPC");
    write.mockRestore();
    await books.drain();
    expect(await findLedgerRow(opened.db, "f1")).toHaveLength(1);
    expect(told).toEqual(["failed journal", "failed journal"]);
  });

  /** The disk takes nothing more from now on: only what it has given room to can be written. Returns how it gets room again. */
  function fillDisk(): () => void {
    const whole = fs.writeSync;
    const write = vi.spyOn(fs, "writeSync");
    write.mockImplementation((file: number, data: unknown, from?: unknown, size?: unknown, at?: unknown) => {
      if (!(data instanceof Uint8Array) || typeof from !== "number" || typeof size !== "number")
        throw new Error("EINVAL");
      const end = Number(at ?? fs.fstatSync(file).size) + size;
      if (end > fs.fstatSync(file).size) throw new Error("ENOSPC: no space left on device, write");
      return whole(file, data, from, size, Number(at));
    });
    return () => write.mockRestore();
  }

  test("on a full disk calls that run end with their own amounts, also over kill -9, and no new one begins", async () => {
    const { books, told } = booksThatTell();
    const ids = Array.from({ length: 30 }, (_, index) => `h${index}`);
    for (const id of ids) books.open(intent(id), null);
    const getRoom = fillDisk();
    // Until what lines are kept in is full, too.
    const begin = () => {
      for (let more = 0; more < 100; more++) books.open(intent(`h-more-${more}`), null);
    };
    expect(begin).toThrow("ENOSPC");
    const costLines = Array.from({ length: 8 }, () => ({ of: "cached_input_tokens", count: 1e9, rate: 1_000_000 }));
    for (const id of ids) for (let beat = 0; beat < 40; beat++) books.note(id, usage);
    for (const id of ids) books.close(row(id, { outputTokens: 77, feature: "f".repeat(200), costLines }));
    getRoom();
    // It is killed before the database has taken anything.
    const next = booksThatTell();
    const orphans = await next.books.recover(crashed);
    expect(orphans.filter(({ requestId }) => ids.includes(requestId))).toEqual([]);
    for (const id of ids)
      expect((await findLedgerRow(opened.db, id)).map((found) => found.row)).toMatchObject([
        { ending: "complete", outputTokens: 77 },
      ]);
    expect(next.told).toEqual([]);
    expect(new Set(told)).toEqual(new Set(["failed journal"]));
  });

  test("rows that a full disk refused are written as soon as it has room, with the database away", async () => {
    const { books } = booksThatTell();
    books.open(intent("i1"), null);
    const write = vi.spyOn(fs, "writeSync").mockImplementation(() => {
      throw new Error("EROFS");
    });
    books.close(row("i1"));
    await opened.db.execute(sql`alter table ledger rename to elsewhere`);
    await books.drain();
    write.mockRestore();
    await books.drain();
    await opened.db.execute(sql`alter table elsewhere rename to ledger`);
    const next = booksThatTell();
    expect(await next.books.recover(crashed)).toEqual([]);
    expect((await findLedgerRow(opened.db, "i1")).map((found) => found.row)).toMatchObject([{ ending: "complete" }]);
  });

  test("a file that cannot be removed stops no later step", async () => {
    const { books, told } = booksThatTell();
    books.open(intent("j1"), "jan");
    books.close(row("j1"));
    const remove = vi.spyOn(fs, "rmSync").mockImplementation(() => {
      throw new Error("EROFS");
    });
    await books.drain();
    await books.stop();
    remove.mockRestore();
    expect(await findLedgerRow(opened.db, "j1")).toHaveLength(1);
    expect(await usersNamed("jan")).toEqual(["jan"]);
    expect(told).toEqual(["failed journal"]);
  });

  test("after an incomplete line the next one is whole", async () => {
    const { books } = booksThatTell();
    const whole = fs.writeSync;
    const write = vi.spyOn(fs, "writeSync");
    write.mockImplementation((file: number, data: unknown, from?: unknown, size?: unknown, at?: unknown) => {
      if (!(data instanceof Uint8Array)) throw new Error("EINVAL");
      const isLine = data[0] === "{".charCodeAt(0);
      return whole(file, data, Number(from), isLine ? 40 : Number(size), Number(at));
    });
    expect(() => books.open(intent("g1"), null)).toThrow("a part of a line");
    write.mockRestore();
    books.open(intent("g2"), null);
    const next = booksThatTell();
    expect((await next.books.recover(crashed)).map(({ requestId }) => requestId)).toEqual(["g2"]);
    expect(next.told).toEqual(["aside journal"]);
  });
});
