import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { drizzle } from "drizzle-orm/node-postgres";
import { migrate } from "drizzle-orm/node-postgres/migrator";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@/db/embedded/postgres";
import { freePort, root, start } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";

/** How many migrations the older installation lacks. */
const BACK = 5;
/** Three starts, on a machine that runs much else at the same time. */
const LONG_MS = 300_000;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-upgrade-"));
let postgres: EmbeddedPostgres;
beforeAll(async () => {
  postgres = await startEmbeddedPostgres(folder);
});
afterAll(async () => {
  await postgres.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  client.on("error", () => undefined);
  return client;
}

/** A database with the schema of some migrations ago. */
async function olderDatabase(): Promise<string> {
  const own = await connect(postgres.url);
  await own.query("create database older");
  await own.end();
  const url = new URL(postgres.url);
  url.pathname = "/older";
  const migrationsFolder = path.join(folder, "then");
  fs.cpSync(path.join(root, "db", "migrations"), migrationsFolder, { recursive: true });
  const file = path.join(migrationsFolder, "meta", "_journal.json");
  const journal: { entries: unknown[] } = JSON.parse(fs.readFileSync(file, "utf8"));
  fs.writeFileSync(file, JSON.stringify({ ...journal, entries: journal.entries.slice(0, -BACK) }));
  const client = await connect(url.href);
  await migrate(drizzle(client), { migrationsFolder });
  await client.end();
  return url.href;
}

/** Puts what an installation has into an older schema: of each table the columns that it had then. */
async function copied(from: pg.Client, to: pg.Client): Promise<void> {
  const tables = await to.query<{ name: string }>(
    "select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition",
  );
  await to.query("set session_replication_role = replica");
  for (const { name } of tables.rows) {
    const table = pg.escapeIdentifier(name);
    const { rows } = await from.query(`select coalesce(jsonb_agg(t), '[]') as all from ${table} t`);
    await to.query(`delete from ${table}`);
    const known = `jsonb_populate_recordset(null::${table}, $1)`;
    await to.query(`insert into ${table} overriding system value select * from ${known}`, [
      JSON.stringify(rows[0]?.all),
    ]);
  }
  const counted = await to.query<{ name: string; member: string }>(
    "select table_name as name, column_name as member from information_schema.columns where table_schema = 'public' and (is_identity = 'YES' or column_default like 'nextval%')",
  );
  for (const { name, member } of counted.rows) {
    const [table, column] = [pg.escapeIdentifier(name), pg.escapeIdentifier(member)];
    await to.query(
      `select setval(pg_get_serial_sequence($1, $2), greatest(1, (select max(${column}) from ${table})))`,
      [`public.${table}`, member],
    );
  }
}

const BOOKS = `select (select count(*)::int from ledger) as rows, (select sum(cost_micro_usd)::int from ledger) as cost,
  (select sum(calls)::int from usage where grain = 'day') as calls, (select sum(cost_micro_usd)::int from usage where grain = 'day') as sums`;

test("an installation of five migrations ago is brought up to date: its calls, sums, keys and operators are there, and it serves", {
  timeout: LONG_MS,
}, async () => {
  const seed = start(["--seed-demo"], {
    DATABASE_URL: postgres.url,
    DATA_DIR: path.join(folder, "data"),
    PORT: String(await freePort()),
  });
  expect(await seed.exited).toBe(0);
  const dataDir = path.join(folder, "data");
  const first = await Spillway.run({ DATABASE_URL: postgres.url }, { dataDir });
  const { keys } = first.demo;
  for (let call = 0; call < 12; call++) expect((await first.chat(keys.enterprise)).status).toBe(200);
  expect(await first.kill("SIGTERM")).toBe(0);
  const newer = await connect(postgres.url);
  const before = (await newer.query(BOOKS)).rows;
  expect(before).toEqual([expect.objectContaining({ rows: 12, calls: 12 })]);

  const url = await olderDatabase();
  const older = await connect(url);
  await copied(newer, older);
  expect((await older.query(BOOKS)).rows).toEqual(before);
  await newer.end();

  const second = await Spillway.run({ DATABASE_URL: url }, { dataDir });
  expect((await older.query(BOOKS)).rows).toEqual(before);
  const { rows } = await second.ledger("enterprise");
  expect(rows.length).toBe(12);
  expect((await second.chat(keys.enterprise)).status).toBe(200);
  const { email, password } = second.demo.admin;
  const signedIn = await fetch(`${second.baseUrl}/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: second.baseUrl },
    body: JSON.stringify({ email, password }),
  });
  expect(signedIn.status).toBe(200);
  await older.end();
  await second.stop();
});
