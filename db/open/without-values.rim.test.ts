import { inspect } from "node:util";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestDatabase, type TestDatabase } from "@/db/embedded/database.suite";
import { settings } from "@/db/schema/fleet";
import { makeLog } from "@/lib/log";
import type { OpenDatabase } from "../client";
import { databaseFault } from "../fault";

let database: TestDatabase;
let opened: OpenDatabase;
beforeAll(async () => {
  database = await startTestDatabase();
  opened = database.opened;
});
afterAll(async () => {
  await database.close();
});

const CANARY = "canary-of-a-session-token";
const row = { name: CANARY, value: CANARY };

/** Statements that fail in different ways, with a value that must not appear. */
const failing: readonly [why: string, code: string, () => Promise<unknown>][] = [
  ["a second row of that name", "23505", () => opened.db.insert(settings).values([row, row])],
  ["a value that is no number", "22P02", () => opened.db.execute(sql`select ${CANARY}::int`)],
  ["no such table", "42P01", () => opened.db.execute(sql`select from nowhere where name = ${CANARY}`)],
  ["in a transaction", "23505", () => opened.db.transaction((tx) => tx.insert(settings).values([row, row]))],
  [
    "thousands of values",
    "23505",
    () =>
      opened.db.insert(settings).values(Array.from({ length: 2000 }, (_, at) => ({ ...row, name: `${at % 1999}` }))),
  ],
];

test.each(failing)("a failed statement tells its reason and none of its values: %s", async (_why, code, run) => {
  const error: unknown = await run().then(
    () => null,
    (thrown: unknown) => thrown,
  );
  const lines: string[] = [];
  makeLog("error", { write: (line) => void lines.push(line) }).error({ err: error, why: String(error) }, "failed");
  const told = `${inspect(error, { depth: 10, showHidden: true })}${String(error)}${lines.join("")}`;
  expect(told).not.toContain(CANARY);
  expect(told.length).toBeLessThan(6000);
  expect(databaseFault(error)).toMatchObject({ why: expect.stringContaining(code) });
});
