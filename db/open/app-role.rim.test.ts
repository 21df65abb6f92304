import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@/db/embedded/postgres";
import { keepBooks, partitionsOf } from "@/db/queries/books/retention";
import { DAY_MS } from "@/lib/clock";
import { makeLog } from "@/lib/log";
import { type OpenDatabase, openDatabase } from "../client";
import { asAppRole } from "./app-role";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-app-role-"));
const log = makeLog("silent");
let postgres: EmbeddedPostgres;
let opened: OpenDatabase;
let app: pg.Client;
let owner: pg.Client;
beforeAll(async () => {
  postgres = await startEmbeddedPostgres(folder);
  const url = asAppRole(postgres.url);
  opened = await openDatabase({ url, ownerUrl: postgres.url, log });
  [app, owner] = [new pg.Client({ connectionString: url }), new pg.Client({ connectionString: postgres.url })];
  await Promise.all([app.connect(), owner.connect()]);
  await app.query(row("now()"));
});
afterAll(async () => {
  await Promise.all([app.end(), owner.end(), opened.close()]);
  await postgres.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

const row = (at: string) =>
  `insert into audit (at, actor, role, address, action, target, previous_hash, hash) values (${at}, 'a', 'admin', '', 'x.y', 't', '', 'h')`;

test.each([
  "update audit set actor = 'eve'",
  "delete from audit",
  "truncate audit",
  "alter table audit disable trigger all",
  "drop trigger audit_append_only on audit",
  "alter table audit owner to spillway_app",
  "drop table audit",
  "create or replace function refuse_audit_change() returns trigger language plpgsql as $$ begin return old; end $$",
  "set session_replication_role = replica",
  "set role spillway",
  "alter table ledger add column x int",
  "create table mine (n int)",
])("the role that serves may not: %s", async (statement) => {
  await expect(app.query(statement)).rejects.toMatchObject({ code: expect.stringMatching(/^42501|^42883/) });
});

test.each([
  ["as it is", ""],
  ["as a replica's session", "set local session_replication_role = replica;"],
  ["with the switch of the cut set by hand", "set local spillway.audit_cut = '999999';"],
])("the log's owner may neither change nor remove a row while the triggers are there, %s", async (_how, first) => {
  for (const statement of ["update audit set actor = 'eve'", "delete from audit", "truncate audit"]) {
    await owner.query("begin");
    await expect(owner.query(`${first}${statement}`)).rejects.toThrow("append-only");
    await owner.query("rollback");
  }
});

test("a cut removes rows older than thirty days and no younger one, for every role", async () => {
  await app.query(row("now() - interval '31 days'"));
  await app.query(row("now() - interval '40 days'"));
  const { rows } = await app.query("select seq::int from audit order by seq");
  const last = rows.at(-1)?.seq;
  await expect(app.query("select cut_audit($1)", [last])).rejects.toThrow("append-only");
  const [young, ...old] = rows.map(({ seq }) => seq);
  await owner.query("alter table audit disable trigger all");
  await owner.query("delete from audit where seq = $1", [young]);
  await owner.query("alter table audit enable always trigger audit_append_only");
  expect((await app.query("select cut_audit($1)::int as n", [last])).rows).toEqual([{ n: old.length }]);
});

test("the role that serves keeps the books: days of the ledger come and go", async () => {
  const now = new Date();
  await keepBooks(opened.db, now, 7);
  const before = await partitionsOf(opened.db);
  expect(before.length).toBeGreaterThan(4);
  await app.query("select count(*) from ledger");
  await keepBooks(opened.db, new Date(now.getTime() + 60 * DAY_MS), 7);
  expect((await partitionsOf(opened.db)).filter((name) => before.includes(name))).toEqual(["ledger_rest"]);
  await expect(app.query("select drop_ledger_part('ledger_rest')")).rejects.toThrow("no day");
  await expect(app.query("select drop_ledger_part('audit')")).rejects.toThrow("no day");
});

test("every start grants again, and an owner of the tables is refused as the one that serves", async () => {
  const again = await openDatabase({ url: asAppRole(postgres.url), ownerUrl: postgres.url, log });
  await again.close();
  await expect(openDatabase({ url: postgres.url, ownerUrl: postgres.url, log })).rejects.toThrow("DATABASE_OWNER_URL");
});
