import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Fleet } from "../fixtures/fleet";
import { freePort, start, until, windowFarFromEnd, zoneFarFromMidnight } from "../fixtures/process";
import { RedisServer } from "../fixtures/redis-server";
import { Provider } from "../fixtures/simulator";
import { Spillway } from "../fixtures/spillway";

type Tier = { version: number; limits: Record<string, unknown>[] };

const SECRETS = { KEY_PEPPER: "p".repeat(40), AUTH_SECRET: "a".repeat(40), OPERATOR_TOKEN: `sw_op_${"t".repeat(40)}` };

function only(fleet: Fleet, index = 0): Spillway {
  const one = fleet.processes[index];
  if (one === undefined) throw new Error("a fleet has it");
  return one;
}

/** Starts with the given settings, waits for the end, and returns what a person would read. */
async function faultOf(env: Readonly<Record<string, string>>): Promise<string> {
  const dataDir = fs.mkdtempSync(path.join(os.tmpdir(), "spillway-store-"));
  const started = start([], { PORT: String(await freePort()), DATA_DIR: dataDir, LOG_LEVEL: "error", ...env });
  await started.exited;
  return (started.output().split("Spillway could not start.")[1] ?? started.output()).trim();
}

async function setTier(by: Spillway, tier: string, more: readonly Record<string, unknown>[]): Promise<void> {
  const current = await by.admin<Tier>("GET", `tiers/${tier}`);
  const usual = current.limits
    .filter((limit) => !more.some((one) => one.name === limit.name))
    .map((limit) => (limit.dimension === "concurrency" ? limit : { ...limit, capacity: 1_000_000_000_000 }));
  await by.admin("PUT", `tiers/${tier}`, { ...current, limits: [...usual, ...more] });
}

/** A day that does not end while its counters are compared with the ledger. */
const daily = (name: string, layer: string, dimension: string, capacity: number) => ({
  name,
  layer,
  dimension,
  capacity,
  algorithm: "calendar_window",
  calendarPeriod: "day",
  timeZone: zoneFarFromMidnight(),
});

describe("two installations on one Redis", () => {
  let one: Fleet;
  let other: Fleet;
  let redis: Redis;
  beforeAll(async () => {
    one = await Fleet.run(2, { REDIS_PREFIX: "blue" });
    other = await Fleet.run(1, { REDIS_URL: one.redis.url });
    redis = new Redis(one.redis.url);
  });
  afterAll(async () => {
    redis.disconnect();
    await other.stop();
    await one.stop();
  });

  test("two installations serve, publish versions and fill an emptied store without affecting each other", async () => {
    const [a, b] = [only(one), only(other)];
    const status = async (by: Spillway) => (await by.chat(by.demo.keys.standard)).status;
    await setTier(a, "standard", [daily("few", "tenant", "requests", 12)]);
    await setTier(b, "standard", [daily("few", "tenant", "requests", 4)]);
    // Versions of the one run far ahead of the other's.
    for (let edit = 0; edit < 5; edit++) await setTier(a, "standard", [daily("few", "tenant", "requests", 12 + edit)]);
    expect([await status(a), await status(b), await status(only(one, 1))]).toEqual([200, 200, 200]);
    const mine = (keys: readonly string[]) => keys.filter((key) => key.startsWith("blue{") || key.startsWith("blue:"));
    const keys = await redis.keys("*");
    expect(mine(keys).length).toBeGreaterThan(0);
    expect(mine(keys).length).toBeLessThan(keys.length);
    expect(keys.filter((key) => !mine([key]).length).every((key) => /^[0-9a-z]{3}[{:]/.test(key))).toBe(true);
    const used = async (by: Spillway) =>
      (await by.quota(by.demo.keys.standard)).find((line) => line.name === "few")?.used;
    await until("the rows", async () => (await a.ledger("standard")).rows.length === 2);
    await until("the row", async () => (await b.ledger("standard")).rows.length === 1);
    await redis.flushall();
    expect([await status(a), await status(b)]).toEqual([200, 200]);
    expect([await used(a), await used(b)]).toEqual([3, 2]);
  });

  test("under the same prefix the second one does not start, and its error says what to set", async () => {
    const fault = await faultOf({
      ...SECRETS,
      DATABASE_URL: other.databaseUrl,
      REDIS_URL: one.redis.url,
      REDIS_PREFIX: "blue",
    });
    expect(fault).toMatch(
      /^REDIS_PREFIX: another installation uses keys that begin with "blue" in this Redis; set another/,
    );
  });

  test("a process under another prefix than the others of its database does not start", async () => {
    const shared = { ...SECRETS, DATABASE_URL: one.databaseUrl, REDIS_URL: one.redis.url };
    expect(await faultOf({ ...shared, REDIS_PREFIX: "green" })).toBe(
      'REDIS_PREFIX: 2 other processes of this database count under keys that begin with "blue", this one would under "green"; set REDIS_PREFIX=blue everywhere',
    );
  });
});

describe("processes of one database count in one store", () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await Fleet.run(1);
  });
  afterAll(() => fleet.stop());
  const shared = () => ({ ...SECRETS, DATABASE_URL: fleet.databaseUrl });

  test("beside Redis none starts without, nor with another Redis; each error names the store", async () => {
    expect(await faultOf(shared())).toMatch(
      /^REDIS_URL: another process of this database counts in Redis \(keys "[0-9a-z]{3}", store [0-9a-f]{12}\); set REDIS_URL or UPSTASH_REDIS_REST_URL to that store, or stop them first$/,
    );
    const other = await RedisServer.run();
    expect(await faultOf({ ...shared(), REDIS_URL: other.url })).toMatch(
      /^REDIS_URL: another process of this database counts in another Redis \(store [0-9a-f]{12}; this one is [0-9a-f]{12}\); set REDIS_URL to the same one everywhere$/,
    );
    await other.stop();
    expect((await only(fleet).chat(only(fleet).demo.keys.standard)).status).toBe(200);
  });

  test("after a crash the installation may count elsewhere, at once; then none starts beside it with Redis", async () => {
    const crashed = only(fleet);
    await crashed.kill("SIGKILL");
    const alone = await Spillway.run(shared());
    expect(await faultOf({ ...shared(), REDIS_URL: fleet.redis.url })).toMatch(
      /^REDIS_URL: another process of this database counts in memory, without Redis; stop it/,
    );
    await alone.stop();
    await crashed.restart();
  });
});

describe("a store that lost what it had counted", () => {
  let fleet: Fleet;
  let provider: Provider;
  beforeAll(async () => {
    [fleet, provider] = await Promise.all([Fleet.run(2, { LEASE_SECONDS: "1" }), Provider.run()]);
    await provider.serve(only(fleet));
  });
  afterAll(async () => {
    await fleet.stop();
    await provider.stop();
  });

  const limits = () => [
    daily("requests-per-day", "tenant", "requests", 1_000_000),
    daily("tokens-per-user-and-day", "user", "total_tokens", 1_000_000_000),
    daily("money-per-key-and-day", "key", "cost_micro_usd", 1_000_000_000),
    daily("small-models-per-day", "model", "output_tokens", 1_000_000_000),
    { ...daily("feature", "feature", "requests", 1_000_000), match: { endpoint: "chat" } },
    // A window that is no calendar's.
    {
      name: "money-per-window",
      layer: "tenant",
      dimension: "cost_micro_usd",
      capacity: 1_000_000_000,
      algorithm: "fixed_window",
      windowSeconds: windowFarFromEnd(),
    },
  ];
  const used = async (by: Spillway, key: string) => {
    const answer = await fetch(`${by.baseUrl}/v1/quota`, {
      headers: { authorization: `Bearer ${key}`, "x-spillway-user": "ada" },
    });
    const lines: { name: string; used: number; reserved: number }[] = (await answer.json()).limits;
    return Object.fromEntries(lines.map((line) => [line.name, line.used]));
  };
  const ask = (by: Spillway, key: string) =>
    by.chat(key, {}, { headers: { "x-spillway-user": "ada", "x-spillway-feature": "chatting" } });

  /** What the ledger says of the same windows. */
  async function booked(tenant: string) {
    const { rows } = await only(fleet).ledger(tenant);
    const sum = (of: (row: (typeof rows)[number]) => number) => rows.reduce((total, row) => total + of(row), 0);
    return {
      "requests-per-day": rows.length,
      "tokens-per-user-and-day": sum((row) => row.inputTokens + row.outputTokens),
      "money-per-key-and-day": sum((row) => row.costMicroUsd),
      "money-per-window": sum((row) => row.costMicroUsd),
    };
  }

  test("comes back as an older copy of itself: what was used up stays used up, in every kind of window", async () => {
    const [a, b] = [only(fleet), only(fleet, 1)];
    await setTier(a, "enterprise", [...limits().slice(1), daily("requests-per-day", "tenant", "requests", 8)]);
    const key = a.demo.keys.enterprise;
    for (let call = 0; call < 4; call++) expect((await ask(a, key)).status).toBe(200);
    const older = await fleet.redis.saved();
    for (let call = 0; call < 4; call++) expect((await ask(b, key)).status).toBe(200);
    expect((await ask(a, key)).status).toBe(429);
    await until("the rows", async () => (await a.ledger("enterprise")).rows.length === 8);
    await fleet.replaceRedis(older);
    // In the seconds in which the store is away each process has its own share, and has used it up.
    const answers: [number, string | null][] = [];
    await until("decisions by the store", async () => {
      const answer = await ask(answers.length % 2 === 0 ? a : b, key);
      answers.push([answer.status, answer.headers.get("x-spillway-limit-mode")]);
      return answers.filter(([, mode]) => mode === "shared").length >= 20;
    });
    expect(answers.filter(([status, mode]) => status === 200 && mode === "shared")).toEqual([]);
    const { rows } = await a.ledger("enterprise");
    await until("counters to be what the ledger says", async () => {
      expect(await used(a, key)).toMatchObject(await booked("enterprise"));
      return true;
    });
    expect(rows.length).toBeGreaterThanOrEqual(8);
  });

  test("is emptied again and again under load: in the end counters are the ledger's sums", async () => {
    const [a, b] = [only(fleet), only(fleet, 1)];
    // All callers fit into one process's share of every limit: which process decides alone for a moment, and when, is chance.
    const slots = { layer: "tenant", dimension: "concurrency", algorithm: "concurrency", capacity: 1000 };
    await setTier(a, "standard", [...limits(), { ...slots, name: "concurrent-calls" }]);
    const key = a.demo.keys.standard;
    const redis = new Redis(fleet.redis.url);
    let asked = 0;
    const refusals: string[] = [];
    const caller = async () => {
      while (asked++ < 600) {
        const answer = await ask(asked % 2 === 0 ? a : b, key);
        const text = await answer.text();
        if (answer.status !== 200) refusals.push(`${answer.status} ${text}`);
        if (asked % 150 === 0) await redis.flushall();
      }
    };
    await Promise.all(Array.from({ length: 8 }, caller));
    redis.disconnect();
    expect(refusals).toEqual([]);
    await until("every row", async () => (await a.ledger("standard")).rows.length === 600);
    await until(
      "counters to be what the ledger says",
      async () => {
        const [counted, sums] = [await used(b, key), await booked("standard")];
        return (
          Object.entries(sums).every(([name, sum]) => counted[name] === sum) ||
          Promise.reject(JSON.stringify([counted, sums]))
        );
      },
      60_000,
    );
  });
});
