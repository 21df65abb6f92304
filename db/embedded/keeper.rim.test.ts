import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDatabase } from "@/db/client";
import { makeLog } from "@/lib/log";
import { until } from "../../e2e/fixtures/process";
import { type KeptPostgres, keepEmbeddedPostgres } from "./keeper";
import { startEmbeddedPostgres } from "./postgres";

const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-keeper-"));
const pidFile = path.join(dataDir, "postgres", "cluster", "postmaster.pid");
const log = makeLog("silent");
let postgres: KeptPostgres;

beforeAll(async () => {
  postgres = await keepEmbeddedPostgres({ dataDir, log });
});
afterAll(async () => {
  await postgres.stop();
  fs.rmSync(dataDir, { recursive: true, force: true });
});

const pidOf = () => Number(fs.readFileSync(pidFile, "utf8").split("\n")[0]);

test("killed outright, it is started again on its address, as often as it takes, and its pool goes on", async () => {
  const opened = await openDatabase({ url: postgres.url, log });
  for (const times of [1, 2]) {
    process.kill(pidOf(), "SIGKILL");
    await until("it to be started again", () => postgres.restarts() === times && !postgres.isDown());
    await until("the pool to reach it", () => opened.ping().then(() => true));
  }
  await opened.close();
});

test("a number in its pid file that now belongs to another process does not keep it from starting", async () => {
  const url = postgres.url;
  await postgres.stop();
  // As after a power cut: the old server's pid file exists, and its pid belongs to another process.
  fs.writeFileSync(pidFile, [process.pid, path.dirname(pidFile), 0, 5432, "", "127.0.0.1", ""].join("\n"));
  postgres = await keepEmbeddedPostgres({ dataDir, log });
  expect(postgres.url.split("@")[0]).toBe(url.split("@")[0]);
});

test("a server that was stopped gets the end event", async () => {
  const other = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-stopped-"));
  const server = await startEmbeddedPostgres(other);
  const pid = Number(fs.readFileSync(path.join(other, "postgres", "cluster", "postmaster.pid"), "utf8").split("\n")[0]);
  process.kill(pid, "SIGSTOP");
  await server.stop();
  expect(server.isRunning()).toBe(false);
  fs.rmSync(other, { recursive: true, force: true });
});

test("a transaction whose statement is never answered gives no dead connection back", async () => {
  const opened = await openDatabase({ url: postgres.url, log, answerMs: 300 });
  const stopped = new Set<number>();
  await expect(
    opened.db.transaction(async (tx) => {
      const { rows } = await tx.execute<{ pid: number }>("select pg_backend_pid() as pid");
      for (const { pid } of rows) {
        process.kill(pid, "SIGSTOP");
        stopped.add(pid);
      }
      await tx.execute("select 1");
    }),
  ).rejects.toThrow();
  const { rows } = await opened.db.transaction(async (tx) =>
    tx.execute<{ pid: number }>("select pg_backend_pid() as pid"),
  );
  expect(stopped.has(rows[0]?.pid ?? 0)).toBe(false);
  for (const pid of stopped) process.kill(pid, "SIGCONT");
  await opened.close();
});
