import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type OpenDatabase, openDatabase } from "@/db/client";
import { startTestDatabase, type TestDatabase } from "@/db/embedded/database.suite";
import { bumpPolicyVersion, findKeys, policyVersion } from "@/db/queries/limits/config";
import { insertBrake, liftBrake } from "@/db/queries/operators/brakes";
import { inTransaction } from "@/db/transaction";
import { systemClock } from "@/lib/clock";
import { makeLog } from "@/lib/log";
import { CurrentPolicy } from "./current-policy";

const log = makeLog("silent");
const CHANGE = { actor: "ann", change: "a test" };
let database: TestDatabase;
let opened: OpenDatabase;

beforeAll(async () => {
  database = await startTestDatabase({ demoAt: Date.now() });
  opened = database.opened;
});
afterAll(async () => {
  await database.close();
});

test("versions are committed in their order: none hides the change of one before it", async () => {
  const { db } = opened;
  let second: number | null = null;
  let first = 0;
  let late = Promise.resolve();
  await inTransaction(db, async (tx) => {
    first = await bumpPolicyVersion(tx, CHANGE);
    late = bumpPolicyVersion(db, CHANGE).then((version) => {
      second = version;
    });
    await someoneWaits(() => second !== null);
    expect([second, (await policyVersion(db)) < first]).toEqual([null, true]);
  });
  await late;
  expect(second).toBe(first + 1);
  expect(await policyVersion(db)).toBe(second);
});

test("a process that asks for news enforces what was committed before, with one query for all who ask", async () => {
  const { db } = opened;
  const policy = new CurrentPolicy({ db, clock: systemClock, log });
  await policy.refresh();
  const version = await bumpPolicyVersion(db, CHANGE);
  expect(policy.snapshot.version).toBe(version - 1);
  const answers = await Promise.all(Array.from({ length: 100 }, () => policy.news()));
  expect([new Set(answers), policy.snapshot.version]).toEqual([new Set(["in_force"]), version]);
});

test("keys are read together, and unknown ones are left out", async () => {
  const rows = await findKeys(opened.db, ["free".padEnd(12, "0"), "nobody", "loop".padEnd(12, "0")]);
  expect(rows.map((row) => row.id).sort()).toEqual(["free00000000", "loop00000000"]);
});

test("with the database away there is no news, and the policy stays", async () => {
  const lost = await openDatabase({ url: database.postgres.url, log });
  const policy = new CurrentPolicy({ db: lost.db, clock: systemClock, log });
  const { version } = await policy.refresh();
  await lost.close();
  expect([await policy.news(), policy.snapshot.version]).toEqual(["unknown", version]);
});

test("a brake that was lifted while the database was away stays lifted until the database's own lift is read", async () => {
  const { db } = opened;
  const times = { createdAt: new Date(), expiresAt: null, liftedAt: null, liftedBy: null, liftReason: null };
  const words = { scope: {}, mode: "block" as const, reason: "away", publicMessage: null, createdBy: "ann" };
  const { id } = await insertBrake(db, { id: `brk_${"a".repeat(20)}`, ...words, ...times, rampFrom: null });
  await bumpPolicyVersion(db, CHANGE);
  const policy = new CurrentPolicy({ db, clock: systemClock, log });
  const isInForce = () => policy.snapshot.brakes.some((brake) => brake.id === id);
  await policy.refresh();
  expect(isInForce()).toBe(true);
  await policy.hold([], [id]);
  expect(isInForce()).toBe(false);
  // Somebody else has booked the lift: nothing is held any more, and nothing newer has been read.
  await policy.hold([], []);
  expect(isInForce()).toBe(false);
  await liftBrake(db, id, { by: "ann", at: new Date(), reason: "over" }, null);
  await bumpPolicyVersion(db, CHANGE);
  await policy.refresh();
  expect(isInForce()).toBe(false);
});

/** Resolves when a session waits for a lock that another one holds, or when that is not to be expected any more. */
async function someoneWaits(isOver: () => boolean): Promise<void> {
  const client = new pg.Client({ connectionString: database.postgres.url });
  await client.connect();
  while (!isOver()) {
    const { rows } = await client.query("select 1 from pg_locks where locktype = 'advisory' and not granted");
    if (rows.length > 0) break;
  }
  await client.end();
}
