import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { openDatabase } from "@/db/client";
import { makeLog } from "@/lib/log";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./postgres";

const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-pg-"));
const log = makeLog("silent");
let postgres: EmbeddedPostgres;

beforeAll(async () => {
  postgres = await startEmbeddedPostgres(dataDir);
});
afterAll(async () => {
  await postgres.stop();
  fs.rmSync(dataDir, { recursive: true, force: true });
});

async function ask<Row extends pg.QueryResultRow>(url: string, text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<Row>(text);
  await client.end();
  return rows;
}

const pidOf = () =>
  Number(fs.readFileSync(path.join(dataDir, "postgres", "cluster", "postmaster.pid"), "utf8").split("\n")[0]);

test("it is PostgreSQL 18, on loopback only, behind a password", async () => {
  const [row] = await ask<{ version: string; addresses: string }>(
    postgres.url,
    "select version(), current_setting('listen_addresses') as addresses",
  );
  expect(row?.version).toMatch(/^PostgreSQL 18/);
  expect(row?.addresses).toBe("127.0.0.1");
  const wrong = new URL(postgres.url);
  wrong.password = "wrong";
  await expect(ask(wrong.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
});

test("eight processes that migrate at once end with one schema", async () => {
  const opened = await Promise.all(Array.from({ length: 8 }, () => openDatabase({ url: postgres.url, log })));
  await Promise.all(opened.map((one) => one.close()));
  const [row] = await ask<{ count: number }>(
    postgres.url,
    "select count(*)::int as count from drizzle.__drizzle_migrations",
  );
  expect(row?.count).toBe(fs.readdirSync("db/migrations").filter((file) => file.endsWith(".sql")).length);
});

test("a server that outlived its owner is found again, running", async () => {
  const pid = pidOf();
  const again = await startEmbeddedPostgres(dataDir);
  expect(again.url).toBe(postgres.url);
  expect(pidOf()).toBe(pid);
});

test("kill -9 of the server itself loses nothing that was committed", async () => {
  await ask(postgres.url, "create table kept (n int)");
  await ask(postgres.url, "insert into kept select generate_series(1, 1000)");
  // One of its processes is slow to end, as on a busy machine, and holds the memory meanwhile.
  const client = new pg.Client({ connectionString: postgres.url });
  client.on("error", () => undefined);
  await client.connect();
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  const slow = rows[0]?.pid ?? 0;
  process.kill(slow, "SIGSTOP");
  process.kill(pidOf(), "SIGKILL");
  const started = startEmbeddedPostgres(dataDir);
  const logFile = path.join(dataDir, "postgres", "postgres.log");
  await vi.waitUntil(() => fs.readFileSync(logFile, "utf8").includes("pre-existing shared memory block"), 10_000);
  process.kill(slow, "SIGCONT");
  postgres = await started;
  const [row] = await ask<{ count: number }>(postgres.url, "select count(*)::int as count from kept");
  expect(row?.count).toBe(1000);
});
