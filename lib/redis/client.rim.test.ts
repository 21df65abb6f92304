import { inspect } from "node:util";
import { Redis as Ioredis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { storeKeys } from "@/lib/admission/keys";
import { RedisAdmission } from "@/lib/admission/redis/redis";
import { ScriptError, StoreUnavailable } from "@/lib/errors";
import { type AppliedLimit, plan } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { makeLog } from "@/lib/log";
import { until } from "../../e2e/fixtures/process";
import { RedisServer } from "../../e2e/fixtures/redis-server";
import { connectRedis, type RedisClient } from "./client";
import { makeScript } from "./script";

const KEYS = storeKeys("test");
const log = makeLog("silent");
let server: RedisServer;
let client: RedisClient;
let admin: Ioredis;
beforeAll(async () => {
  server = await RedisServer.run();
  client = await connectRedis({ kind: "resp", url: server.url }, log, { commandMs: 2000 });
  admin = new Ioredis(server.url);
});
afterAll(async () => {
  await client.close();
  admin.disconnect();
  await server.stop();
});

const limit: AppliedLimit = {
  limitId: "l",
  layer: "tenant",
  dimension: "requests",
  subject: "t:acme:tenant",
  slotId: "s",
  counter: "t:acme:tenant#s",
  observe: false,
  rule: { algorithm: "fixed_window", capacity: 60, refill: 60, periodMs: 86_400_000, credit: 0, bounds: null },
};
const REST = { tenantId: "acme", caller: "c", brake: null, policyVersion: 1, leaseMs: 15_000, intent: "" };
const ask = (store: RedisAdmission, requestId: string) =>
  store.admit({
    ...REST,
    requestId,
    plans: [plan({ candidate: "c", limits: [limit], amounts: { ...NO_AMOUNTS, requests: 1 } })],
  });

describe("an error inside a script", () => {
  test("is that call's own, is counted by the script's name, and logged once without keys or arguments", async () => {
    const error = vi.spyOn(log, "error");
    const store = new RedisAdmission(client, KEYS);
    await store.publish(1, ["acme"]);
    await admin.set(KEYS.tenant("acme").open, "not a set");
    for (const id of ["one", "two"]) await expect(ask(store, id)).rejects.toThrow(ScriptError);
    expect(client.faults.scripts.get("admit")).toBe(2);
    const told = error.mock.calls.filter(([fields]) => JSON.stringify(fields).includes("admit"));
    expect(told).toHaveLength(1);
    expect(inspect(told)).not.toMatch(/test\{|req|one/);
    await admin.flushall();
    await store.publish(1, ["acme"]);
    expect((await ask(store, "three")).kind).toBe("admit");
    error.mockRestore();
  });

  test("one damaged counter keeps none of the others from being lifted", async () => {
    await admin.flushall();
    // A clock that stands: no day ends within the test.
    const at = Date.now();
    const store = new RedisAdmission(client, KEYS, () => at);
    const limits = Array.from({ length: 450 }, (_, index): AppliedLimit => {
      const subject = `t:acme:user:u${index}`;
      return { ...limit, subject, counter: `${subject}#s` };
    });
    await admin.hset(KEYS.subject("c", "t:acme:user:u7"), "not", "a string");
    const raised = store.raise(limits.map((one) => ({ limit: one, used: 5, usedBefore: 0 })));
    await expect(raised).rejects.toThrow(ScriptError);
    await admin.del(KEYS.subject("c", "t:acme:user:u7"));
    const { states } = await store.peek(limits);
    expect(states.map((state) => state.used)).toEqual(limits.map((_, index) => (index === 7 ? 0 : 5)));
  });
});

test("a process that was busy for longer than the budget does not treat a store that answered as absent", async () => {
  const other = await connectRedis({ kind: "resp", url: server.url }, log, { commandMs: 50 });
  const script = makeScript("return 'A'");
  await other.run(script, [], [], "test");
  const answers = Array.from({ length: 80 }, () => other.run(script, [], [], "test"));
  // The commands are sent at the end of this turn. Then this process is busy with its own work.
  await new Promise((resolve) => setImmediate(resolve));
  const end = performance.now() + 400;
  while (performance.now() < end);
  expect(new Set(await Promise.all(answers))).toEqual(new Set(["A"]));
  expect([...other.faults.away]).toEqual([]);
  await other.close();
});

test("a server that hangs is given up in time, and used again when it goes on", async () => {
  const own = await RedisServer.run();
  const other = await connectRedis({ kind: "resp", url: own.url }, log, { commandMs: 50 });
  const script = makeScript("return 'A'");
  await other.run(script, [], [], "test");
  process.kill(own.pid, "SIGSTOP");
  await expect(other.run(script, [], [], "test")).rejects.toMatchObject({ reason: "timeout" });
  process.kill(own.pid, "SIGCONT");
  await until("it to be asked again", async () => (await other.run(script, [], [], "test")) === "A");
  await other.close();
  await own.stop();
});

describe("a server that refuses to write", () => {
  test.each([
    ["a replica", "read_only", () => admin.replicaof("127.0.0.1", 1), () => admin.replicaof("NO", "ONE")],
    ["full", "out_of_memory", () => admin.config("SET", "maxmemory", "1"), () => admin.config("SET", "maxmemory", "0")],
  ] as const)("%s is away, and named", async (_name, reason, spoil, repair) => {
    await admin.flushall();
    const store = new RedisAdmission(client, KEYS);
    await store.publish(1, ["acme"]);
    await spoil();
    await expect(ask(store, "r")).rejects.toMatchObject({ name: "StoreUnavailable", reason });
    expect(client.faults.away.get(reason)).toBeGreaterThan(0);
    await repair();
    await until("it to serve again", async () => (await ask(store, "again")).kind === "stale" || true);
  });
});

test("reads go in pieces over a connection of their own: none of them delays an admission", async () => {
  await admin.flushall();
  const store = new RedisAdmission(client, KEYS);
  await store.publish(1, ["acme"]);
  const limits = Array.from({ length: 3000 }, (_, index): AppliedLimit => {
    const subject = `t:acme:user:u${index}`;
    return { ...limit, subject, counter: `${subject}#s` };
  });
  await admin.config("RESETSTAT");
  const looked = store.peek(limits);
  const decided = await ask(store, "r");
  expect(decided.kind).toBe("admit");
  expect((await looked).states).toHaveLength(3000);
  const seen = /cmdstat_mget:calls=(\d+)/.exec(await admin.info("commandstats"))?.[1];
  // The look takes 15 batches. The admission reads twice, and again with the policy's numbers.
  expect(Number(seen)).toBeGreaterThanOrEqual(15);
  expect(Number(seen)).toBeLessThanOrEqual(19);
});

describe("which server it is", () => {
  test("after a restart nothing is asked before the new process is known, and listeners hear first", async () => {
    let own = await RedisServer.run();
    const other = await connectRedis({ kind: "resp", url: own.url }, log, { commandMs: 500 });
    const first = other.server();
    let told = 0;
    other.onOtherServer(() => (told += 1));
    await own.stop();
    own = await RedisServer.run(own.port);
    const script = makeScript("return 'A'");
    await until("it to be asked again", async () => (await other.run(script, [], [], "test")) === "A");
    expect(told).toBe(1);
    expect(other.server()).not.toBe(first);
    await other.close();
    await own.stop();
  });

  test("a connection that was merely cut leads to the same one: no listener is called", async () => {
    const other = await connectRedis({ kind: "resp", url: server.url }, log, { commandMs: 500 });
    let told = 0;
    other.onOtherServer(() => (told += 1));
    await admin.call("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
    const script = makeScript("return 'A'");
    await until("the cut to be seen", () =>
      other
        .run(script, [], [], "test")
        .then(() => false, isAway)
        .catch(() => true),
    );
    await until("it to be asked again", async () => (await other.run(script, [], [], "test")) === "A");
    expect(told).toBe(0);
    await other.close();
  });
});

function isAway(error: unknown): boolean {
  if (error instanceof StoreUnavailable) return true;
  throw error;
}
