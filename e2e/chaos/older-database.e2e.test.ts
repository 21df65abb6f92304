import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startEmbeddedPostgres } from "@/db/embedded/postgres";
import { until } from "../fixtures/process";
import { RedisServer } from "../fixtures/redis-server";
import { Spillway } from "../fixtures/spillway";

const PATIENCE_MS = 30_000;
let redis: RedisServer;
let spillway: Spillway;
/** The policy's version when the "backup" was made. */
let backedUp = 0;

beforeAll(async () => {
  redis = await RedisServer.run();
  spillway = await Spillway.run({ REDIS_URL: redis.url });
  await inDatabase(async (client) => {
    const { rows } = await client.query<{ version: string }>("select max(version) as version from policy_versions");
    backedUp = Number(rows[0]?.version);
  });
  for (let edit = 0; edit < 5; edit++) await rename(`edit ${edit}`);
  expect((await spillway.chat(spillway.demo.keys.standard)).status).toBe(200);
});
afterAll(async () => {
  await spillway.stop();
  await redis.stop();
});

const rename = (name: string) => spillway.admin("PATCH", "tenants/free", { name, reason: "a test" });

async function inDatabase(work: (client: pg.Client) => Promise<void>): Promise<void> {
  // It runs already: this finds it.
  const { url } = await startEmbeddedPostgres(spillway.dataDir);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await work(client).finally(() => client.end());
}

/** The database forgets every version of the policy since, and its sequence too, as a restored one has. */
async function restoreBackup(): Promise<void> {
  await inDatabase(async (client) => {
    await client.query("begin");
    await client.query("delete from policy_versions where version > $1", [backedUp]);
    await client.query(`alter table policy_versions alter column version restart with ${backedUp + 1}`);
    await client.query("commit");
  });
}

async function restoresTold(): Promise<number> {
  const { rows } = await spillway.admin<{ rows: unknown[] }>("GET", "audit?action=database.restored");
  return rows.length;
}

test("a database restored under a running process: its next brake is in force", async () => {
  await restoreBackup();
  await until("the restore to be reported", async () => (await restoresTold()) === 1, PATIENCE_MS);
  const brake = { scope: { tenant: "standard" }, mode: "block", reason: "after the restore", expiresInSeconds: 600 };
  const { id } = await spillway.admin<{ id: string }>("POST", "brakes", brake);
  expect((await spillway.chat(spillway.demo.keys.standard)).status).toBe(503);
  await spillway.admin("DELETE", `brakes/${id}`, { reason: "the test is over" });
  expect((await spillway.chat(spillway.demo.keys.standard)).status).toBe(200);
});

test("a database restored while nothing ran: calls are served, and readiness says what happened", async () => {
  await spillway.kill("SIGKILL");
  await restoreBackup();
  await spillway.restart();
  expect((await spillway.chat(spillway.demo.keys.standard)).status).toBe(200);
  const ready = await (await fetch(`${spillway.baseUrl}/api/readyz`)).text();
  expect(ready).toContain("degraded: the database was restored to an older state");
  await until("the restore to be reported", async () => (await restoresTold()) === 2, PATIENCE_MS);
  await rename("after both");
  expect((await spillway.chat(spillway.demo.keys.standard)).status).toBe(200);
});

test("a restored database that takes no new version: readiness says what is not so, until it does", async () => {
  await inDatabase(async (client) => {
    await client.query(
      "create function refuse() returns trigger language plpgsql as 'begin raise exception ''read-only''; end'",
    );
    await client.query("create trigger refused before insert on policy_versions execute function refuse()");
  });
  await restoreBackup();
  const readiness = async () => {
    const answer = await fetch(`${spillway.baseUrl}/api/readyz`);
    return `${answer.status} ${await answer.text()}`;
  };
  // What runs goes on under what it has.
  const edits = async () => /^200 .*edits are not in force/s.test(await readiness());
  await until("it to be seen", edits, PATIENCE_MS);
  expect((await spillway.chat(spillway.demo.keys.standard)).status).toBe(200);
  await spillway.kill("SIGKILL");
  const restarted = spillway.restart();
  const nothing = async () => /^503 .*no call is admitted/s.test(await readiness());
  await until("it to be seen by what starts", nothing, 2 * PATIENCE_MS);
  await inDatabase(async (client) => {
    await client.query("drop trigger refused on policy_versions");
  });
  await restarted;
  await until("the restore to be reported", async () => (await restoresTold()) === 3, PATIENCE_MS);
  expect((await spillway.chat(spillway.demo.keys.standard)).status).toBe(200);
});
