import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { RedisServer } from "../fixtures/redis-server";
import { Provider } from "../fixtures/simulator";
import { Spillway } from "../fixtures/spillway";
import { Books, consumedBetween } from "./books";
import { faultOf } from "./console-row";
import { ask, type DialectName, expectedOf, isExpected, type Keys, PATHS, type Row, SOUND } from "./row";
import { CONSOLE_ROWS, REASON } from "./rows/console";
import { HTTP_ROWS } from "./rows/http";
import { JSON_ROWS } from "./rows/json";
import { KEY_ROWS, MEANING_ROWS } from "./rows/meaning";

const ROWS: readonly Row[] = [...HTTP_ROWS, ...JSON_ROWS, ...MEANING_ROWS, ...KEY_ROWS];
const IDS = [...new Set(ROWS.map((row) => row.id))];
const CONSOLE_IDS = [...new Set(CONSOLE_ROWS.map((row) => row.id))];

describe.each(["own", "next"])("the bad-input corpus, door %s", (door) => {
  let redis: RedisServer;
  let provider: Provider;
  let spillway: Spillway;
  let books: Books;
  let keys: Keys;
  let served = 0;
  /** what it had told its owner at the start */
  let greeting = 0;

  beforeAll(async () => {
    [redis, provider] = await Promise.all([RedisServer.run(), Provider.run()]);
    const env = { SPILLWAY_DOOR: door, REDIS_URL: redis.url, REDIS_PREFIX: "corpus", REDIS_COMMAND_MS: "5000" };
    // Hundreds of faults of one key are what this file is about, and each row is judged by itself.
    spillway = await Spillway.run({ ...env, LOG_LEVEL: "warn", FAILED_CALLS_PER_MINUTE: "0" });
    await provider.serve(spillway);
    // A store that was new is looked at again for a minute, and its counters may be lifted: one that is known is not.
    await spillway.kill("SIGTERM");
    await spillway.restart();
    books = await Books.of({ spillway, redisUrl: redis.url, prefix: "corpus", provider });
    greeting = spillway.process.output().length;
    keys = await makeKeys(spillway, books);
  });
  afterAll(async () => {
    await books.close();
    await spillway.stop();
    await provider.stop();
    await redis.stop();
  });

  describe.each<DialectName>(["chat", "messages"])("%s", (dialect) => {
    test.each(IDS)("%s", async (id) => {
      const rows = ROWS.filter((row) => row.id === id && (row.only ?? dialect) === dialect);
      const wrong: string[] = [];
      for (const row of rows) {
        const before = await books.consumed();
        const answer = await ask(spillway.baseUrl, row, dialect, keys);
        if (!isExpected(row, dialect, answer)) wrong.push(`${row.what}: ${answer}, not ${expectedOf(row, dialect)}`);
        if (answer === "200") served += 1;
        else wrong.push(...consumedBetween(before, await books.consumed()).map((what) => `${row.what}: ${what}`));
      }
      expect(wrong.join("\n")).toBe("");
      // Nobody else has noticed.
      const canary = await spillway.chat(keys.other);
      expect(canary.status).toBe(200);
      await canary.text();
      served += 1;
    });
  });

  test.each<DialectName>(["chat", "messages"])("%s: one key for one body of one tenant", async (dialect) => {
    const once = { "content-type": "application/json", "idempotency-key": randomUUID() };
    const send = async (key: string, body: string) => {
      const headers = { ...once, authorization: `Bearer ${key}` };
      const answer = await fetch(spillway.baseUrl + PATHS[dialect], { method: "POST", headers, body });
      await answer.arrayBuffer();
      return answer.status;
    };
    const body = JSON.stringify(SOUND);
    const changed = JSON.stringify({ ...SOUND, max_tokens: 17 });
    expect(await send(keys.good, body)).toBe(200);
    expect(await send(keys.good, body.replace("{", "{ "))).toBe(409);
    expect(await send(keys.good, changed)).toBe(422);
    expect(await send(keys.other, changed)).toBe(200);
    served += 2;
  });

  test("eight answers hold the cap eight times, and a call without a cap the model's own", async () => {
    const small = { capacity: 400, refill: 400, reason: "to see it", expiresInSeconds: null };
    await spillway.admin("POST", "overrides", { tenant: "free", limit: "tokens-per-minute", ...small });
    const ask = async (more: Readonly<Record<string, unknown>>) => {
      const answer = await spillway.chat(spillway.demo.keys.free, more);
      const code = /"code":"([a-z_]+)"/.exec(await answer.text())?.[1];
      return answer.status === 200 ? "200" : `${answer.status} ${code}`;
    };
    expect(await ask({ max_tokens: 100, n: 8 })).toBe("400 request_exceeds_limit");
    expect(await ask({ max_tokens: undefined })).toBe("400 request_exceeds_limit");
    expect(await ask({ max_tokens: 100, n: 1 })).toBe("200");
    served += 1;
  });

  test.each(CONSOLE_IDS)("the console, %s", async (id) => {
    const wrong: string[] = [];
    for (const row of CONSOLE_ROWS.filter((one) => one.id === id)) {
      const fault = await faultOf(spillway, row);
      if (fault !== null) wrong.push(fault);
    }
    expect(wrong.join("\n")).toBe("");
    expect(await spillway.admin("GET", "tenants?find=corpus")).toMatchObject({ tenants: [] });
    const { overrides } = await spillway.admin<{ overrides: { reason: string }[] }>("GET", "overrides?tenant=free");
    expect(overrides.map(({ reason }) => reason)).not.toContain(REASON);
  });

  test("the ledger has each served call once, and nothing else", async () => {
    const booked = await until("the last row", async () => {
      const ids = await books.booked();
      return ids.length >= served ? ids : null;
    });
    expect(booked).toHaveLength(served);
    expect(new Set(booked).size).toBe(served);
    const billed = (await provider.bills()).map((bill) => bill.requestId);
    expect(billed.toSorted()).toEqual(booked.toSorted());
  });

  test("no key, prompt or secret is in what it wrote, and no error of its own", async () => {
    const output = spillway.process.output().slice(greeting);
    for (const secret of [...Object.values(keys), spillway.demo.operatorToken, spillway.demo.admin.password])
      if (secret !== "") expect(output).not.toContain(secret);
    expect(output).not.toMatch(/endoftext|sk-proj-|evil\.test|169\.254/);
    expect(output.split("\n").filter((line) => /"level":(50|60)|\bat .*\(.*:\d+:\d+\)/.test(line))).toEqual([]);
  });
});

/** One key for each state that a key can be in; limits are out of the way of those that may call. */
async function makeKeys(spillway: Spillway, books: Books): Promise<Keys> {
  for (const tier of ["enterprise", "standard"]) {
    const current = await spillway.admin<{ limits: { capacity: number }[] }>("GET", `tiers/${tier}`);
    const limits = current.limits.map((limit) => ({ ...limit, capacity: limit.capacity * 1000 }));
    await spillway.admin("PUT", `tiers/${tier}`, { ...current, limits });
  }
  const make = (name: string, more: object = {}) =>
    spillway.admin<{ id: string; key: string }>("POST", "keys", { tenant: "enterprise", name, ...more });
  const [expired, revoked, narrow] = await Promise.all([
    make("expired"),
    make("revoked"),
    make("narrow", { models: ["sim-large"] }),
  ]);
  await spillway.admin("POST", `keys/${revoked.id}/revoke`, { reason: "corpus" });
  await books.expire(expired.id);
  const { enterprise, standard } = spillway.demo.keys;
  return {
    good: enterprise,
    other: standard,
    expired: expired.key,
    revoked: revoked.key,
    narrow: narrow.key,
    none: "",
  };
}
