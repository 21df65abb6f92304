import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "@/db/embedded/postgres";
import { freePort, start, until } from "../fixtures/process";
import { RedisServer } from "../fixtures/redis-server";
import { Provider } from "../fixtures/simulator";
import type { QuotaLine } from "../fixtures/spillway";
import { UpstashBridge } from "../fixtures/upstash-bridge";
import { NextHost } from "./next-host";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-serverless-"));
const secret = (letter: string) => letter.repeat(40);
let postgres: EmbeddedPostgres;
let redis: RedisServer;
let bridge: UpstashBridge;
let provider: Provider;
let database: pg.Client;
let one: NextHost;
let other: NextHost;
let key = "";

beforeAll(async () => {
  [postgres, redis, provider] = await Promise.all([startEmbeddedPostgres(folder), RedisServer.run(), Provider.run()]);
  bridge = await UpstashBridge.run(redis.url);
  const shared = {
    DATABASE_URL: postgres.url,
    UPSTASH_REDIS_REST_URL: bridge.url,
    UPSTASH_REDIS_REST_TOKEN: bridge.token,
    KEY_PEPPER: secret("p"),
    AUTH_SECRET: secret("a"),
    OPERATOR_TOKEN: `sw_op_${secret("t")}`,
    LEASE_SECONDS: "1",
  };
  const dataDir = path.join(folder, "seed");
  const seed = start(["--seed-demo"], { ...shared, PORT: String(await freePort()), DATA_DIR: dataDir });
  if ((await seed.exited) !== 0) throw new Error(`seed: ${seed.output()}`);
  key = JSON.parse(fs.readFileSync(path.join(dataDir, "demo.json"), "utf8")).keys.enterprise;
  database = new pg.Client({ connectionString: postgres.url });
  await database.connect();
  const env = { ...shared, CRON_SECRET: secret("c"), UPSTREAM_TOTAL_SECONDS: "290", LOG_LEVEL: "warn" };
  [one, other] = await Promise.all([NextHost.make(env), NextHost.make(env)]);
  await one.run();
  const { version } = await one.admin<{ version: number }>("GET", "everyone");
  await one.admin("PUT", "everyone", { version, limits: [], comment: "all calls of a test come from one address" });
  await provider.serve(one);
});
afterAll(async () => {
  await Promise.all([one.stop(), other.stop()]);
  await database.end();
  await Promise.all([provider.stop(), bridge.stop(), postgres.stop()]);
  await redis.stop();
  fs.rmSync(folder, { recursive: true, force: true });
});

const rows = async (): Promise<{ request_id: string; ending: string; cost: number }[]> =>
  (await database.query("select request_id, ending, cost_micro_usd::int as cost from ledger order by request_id")).rows;
const quota = async (): Promise<QuotaLine[]> => {
  const headers = { authorization: `Bearer ${key}` };
  return (await (await fetch(`${one.baseUrl}/v1/quota`, { headers })).json()).limits;
};
const billed = async () => (await provider.bills()).map(({ requestId }) => requestId).sort();

test("a call is in the ledger and settled after its answer, with no timer and no journal", async () => {
  const whole = await one.chat(key);
  expect(whole.status).toBe(200);
  const stream = await one.chat(key, { stream: true });
  expect(await stream.text()).toContain("[DONE]");
  const left = new AbortController();
  await provider.play({ mode: "endless", tokenMs: 10, times: 1 });
  const aborted = await one.chat(key, { stream: true }, { signal: left.signal });
  await aborted.body?.getReader().read();
  left.abort();
  const booked = await until("three rows", async () => ((await rows()).length === 3 ? rows() : null));
  expect(booked.map(({ ending }) => ending).sort()).toEqual(["client_abort", "complete", "complete"]);
  await until("every slot to be free", async () => (await quota()).every(({ reserved }) => reserved === 0));
  expect(fs.existsSync(path.join(one.tmp, "spillway", "journal"))).toBe(false);
});

test("the rules of our own server hold: unknown hosts, odd paths, the address as the host's proxy tells it", async () => {
  expect((await fetch(`${one.baseUrl}/v1/%6dodels`)).status).toBe(404);
  const said = (await rows()).length;
  expect((await one.cron("all", "wrong".repeat(8))).status).toBe(401);
  expect((await one.cron("no-such-job")).status).toBe(404);
  expect((await rows()).length).toBe(said);
});

test("kill -9 in the middle of calls: the cron route books every call that reached the provider, once", async () => {
  await provider.play({ mode: "endless", tokenMs: 10 });
  const running = await Promise.all(Array.from({ length: 12 }, () => one.chat(key, { stream: true })));
  const readers = running.map((answer) => answer.body?.getReader());
  await Promise.all(readers.map((reader) => reader?.read()));
  const short = { mode: "normal", tokenMs: 0, outputTokens: 2 };
  await provider.play(short);
  // Some end, are ending, or begin at the moment of the kill.
  const over = { is: false };
  const busy = Array.from({ length: 4 }, async () => {
    while (!over.is)
      await one
        .chat(key, { max_tokens: 2 })
        // The kill also cuts answers that have begun.
        .then((answer) => answer.text())
        .catch(() => undefined);
  });
  const soFar = (await billed()).length;
  await until("calls that end", async () => (await billed()).length >= soFar + 8);
  await one.kill();
  over.is = true;
  await Promise.all(busy);
  const reached = await until("the provider to notice", async () => {
    const [bills, streams] = [await billed(), (await provider.bills()).filter(({ aborted }) => aborted).length];
    return streams >= 13 ? bills : null;
  });
  expect((await rows()).length).toBeLessThan(reached.length);

  await Promise.all([one.run(), other.run()]);
  await until("the cron route to book them", async () => {
    expect((await one.cron("reap")).status).toBe(200);
    const ids = new Set((await rows()).map((row) => row.request_id));
    return (await billed()).every((id) => ids.has(id));
  });
  const booked = await rows();
  expect(new Set(booked.map((row) => row.request_id)).size).toBe(booked.length);
  expect(booked.filter(({ ending }) => ending === "crashed").length).toBeGreaterThanOrEqual(12);
  const { rows: sums } = await database.query(
    "select sum(calls)::int as calls, sum(cost_micro_usd)::int as cost from usage where grain = 'minute'",
  );
  expect(sums).toEqual([{ calls: booked.length, cost: booked.reduce((sum, { cost }) => sum + cost, 0) }]);
  await until("every slot to be free", async () => {
    await one.cron("reap");
    return (await quota()).every(({ reserved }) => reserved === 0);
  });
});

test("a brake that one function has set refuses the next call of another", async () => {
  expect((await other.chat(key)).status).toBe(200);
  const order = { scope: { tenant: "enterprise" }, mode: "block", reason: "seen by the other", expiresInSeconds: 60 };
  const { id } = await one.admin<{ id: string }>("POST", "brakes", order);
  expect((await other.chat(key)).status).toBe(503);
  await one.admin("DELETE", `brakes/${id}`, {});
  expect((await other.chat(key)).status).toBe(200);
});

test("every job runs when it is asked for, each once at a time", async () => {
  const { status, jobs } = await one.cron("all");
  expect([status, new Set(Object.values(jobs))]).toEqual([200, new Set(["done"])]);
  expect(Object.keys(jobs)).toEqual(expect.arrayContaining(["reap", "alert-rules", "carry-budgets", "bill-batches"]));
  expect((await one.cron("retention")).jobs).toEqual({ retention: "done" });
  await database.query("begin");
  await database.query("select pg_advisory_xact_lock(4207525, hashtext('reap'))");
  expect((await one.cron("reap")).jobs).toEqual({ reap: "busy" });
  await database.query("rollback");
});

test("what cannot work there is refused at the start, one line per setting", async () => {
  const bare = await NextHost.make({ DATABASE_URL: postgres.url, CRON_SECRET: "" });
  bare.start();
  expect(await bare.exited).toBe(1);
  for (const name of ["UPSTASH_REDIS_REST_URL", "KEY_PEPPER", "AUTH_SECRET", "OPERATOR_TOKEN", "CRON_SECRET"])
    expect(bare.output).toContain(`  ${name}: `);
  await bare.stop();
  const ours = start([], { HOST_KIND: "serverless", DATA_DIR: path.join(folder, "ours") });
  expect([await ours.exited, ours.output()]).toEqual([
    1,
    expect.stringContaining("HOST_KIND: `npm start` is a server"),
  ]);
});

test("nothing was written outside of /tmp", () => {
  expect([one.output, other.output].join("")).not.toMatch(/ERR_ACCESS_DENIED|EACCES|EROFS/);
});
