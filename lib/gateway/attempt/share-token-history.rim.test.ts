import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { OpenDatabase } from "@/db/client";
import { startTestDatabase, type TestDatabase } from "@/db/embedded/database.suite";
import { forgetLearned, learnedSince } from "@/db/queries/books/learned";
import { makeLog } from "@/lib/log";
import { shareTokenHistory } from "./share-token-history";
import { type Kind, TokenHistory } from "./token-history";

const log = makeLog("silent");
let database: TestDatabase;
let opened: OpenDatabase;

beforeAll(async () => {
  database = await startTestDatabase();
  opened = database.opened;
});
afterAll(async () => {
  await database.close();
});

/** A process with the database's state at its start. */
async function start() {
  const tokenHistory = new TokenHistory();
  const { stop, round } = await shareTokenHistory({ db: opened.db, tokenHistory, log });
  return { tokenHistory, stop, round };
}

let kinds = 0;
function newKind(feature: string | null = "chat"): Kind {
  kinds += 1;
  return { tenantId: `tenant ${kinds}`, feature, model: "m" };
}

function teach(tokenHistory: TokenHistory, kind: Kind, calls: number, outputTokens = 40): void {
  for (let call = 0; call < calls; call++) {
    tokenHistory.add(kind, { estimatedInputTokens: 1010, inputTokens: 225, outputTokens });
  }
}

const reserves = (tokenHistory: TokenHistory, kind: Kind) => [
  tokenHistory.reservedInput(kind, 1010),
  tokenHistory.reserve(kind, 1000),
];

test("a new process starts with what earlier processes learned", async () => {
  const kind = newKind();
  const first = await start();
  teach(first.tokenHistory, kind, 45);
  expect(reserves(first.tokenHistory, kind)).toEqual([226, 40]);
  await first.stop();
  const second = await start();
  expect(reserves(second.tokenHistory, kind)).toEqual([226, 40]);
  await second.stop();
});

test("two running processes learn from each other, and together need no more calls than one", async () => {
  const kind = newKind(null);
  const [left, right] = [await start(), await start()];
  teach(left.tokenHistory, kind, 10);
  teach(right.tokenHistory, kind, 10);
  expect(reserves(left.tokenHistory, kind)).toEqual([1010, 1000]);
  await left.round();
  await right.round();
  await left.round();
  for (const { tokenHistory } of [left, right]) expect(reserves(tokenHistory, kind)).toEqual([226, 40]);
  await Promise.all([left.stop(), right.stop()]);
});

test("the last hundred of a kind count, from whichever process they come", async () => {
  const kind = newKind();
  const [left, right] = [await start(), await start()];
  teach(left.tokenHistory, kind, 100, 40);
  await left.round();
  teach(right.tokenHistory, kind, 100, 900);
  await right.round();
  await left.round();
  const [row] = (await learnedSince(opened.db, new Date(0), 100)).filter(({ tenantId }) => tenantId === kind.tenantId);
  expect([row?.outputs, row?.inputRatios.length]).toEqual([Array(100).fill(900), 100]);
  expect(left.tokenHistory.reserve(kind, 1000)).toBe(900);
  await Promise.all([left.stop(), right.stop()]);
});

test("updates that could not be shared while the database was away are shared once when it is back", async () => {
  const kind = newKind();
  const one = await start();
  await opened.db.execute(sql`alter table learned rename to gone`);
  teach(one.tokenHistory, kind, 30);
  await expect(one.round()).rejects.toThrow();
  expect(reserves(one.tokenHistory, kind)).toEqual([226, 40]);
  await opened.db.execute(sql`alter table gone rename to learned`);
  await one.round();
  await one.round();
  const [row] = (await learnedSince(opened.db, new Date(0), 100)).filter(({ tenantId }) => tenantId === kind.tenantId);
  expect(row?.outputs).toHaveLength(30);
  await one.stop();
});

test("unused kinds of calls are forgotten, and above the bound the oldest", async () => {
  const one = await start();
  for (let kind = 0; kind < 5; kind++) {
    teach(one.tokenHistory, newKind(), 1);
    await one.round();
  }
  await opened.db.transaction((tx) => forgetLearned(tx, new Date(0), 3));
  expect(await learnedSince(opened.db, new Date(0), 100)).toHaveLength(3);
  await opened.db.transaction((tx) => forgetLearned(tx, new Date(Date.now() + 60_000), 3));
  expect(await learnedSince(opened.db, new Date(0), 100)).toEqual([]);
  await one.stop();
});
