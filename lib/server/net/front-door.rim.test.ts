import { Redis as Ioredis } from "ioredis";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { storeKeys } from "@/lib/admission/keys";
import { makeLog } from "@/lib/log";
import { connectRedis, type RedisClient } from "@/lib/redis/client";
import { RedisServer } from "../../../e2e/fixtures/redis-server";
import { UpstashBridge } from "../../../e2e/fixtures/upstash-bridge";
import { FrontDoor } from "./front-door";

const log = makeLog("silent");
// A minute of one process does not end while a test runs. The store has its own clock, and its window slides.
const STARTED_MS = Date.now();
const clock = { now: () => STARTED_MS };
const clients: { resp?: RedisClient; rest?: RedisClient } = {};
const shared = (redis: RedisClient["upstash"] | null) => redis && { redis, keys: storeKeys("t") };
let server: RedisServer;
let bridge: UpstashBridge;
let admin: Ioredis;
beforeAll(async () => {
  server = await RedisServer.run();
  bridge = await UpstashBridge.run(server.url);
  clients.resp = await connectRedis({ kind: "resp", url: server.url }, log, { commandMs: 2000 });
  clients.rest = await connectRedis({ kind: "rest", url: bridge.url, token: bridge.token }, log, { commandMs: 2000 });
  admin = new Ioredis(server.url);
});
afterAll(async () => {
  await clients.resp?.close();
  admin.disconnect();
  await bridge.stop();
  await server.stop();
});

describe.each([
  ["in process", () => null],
  ["Redis over RESP", () => clients.resp?.upstash ?? null],
  ["Upstash REST", () => clients.rest?.upstash ?? null],
])("the front door, %s", (_name, redis) => {
  test("refuses an address after its tries, says for how long, and refuses no other", async () => {
    await admin.flushall();
    const door = new FrontDoor({ shared: shared(redis()), clock, log });
    const tries = [];
    for (let attempt = 0; attempt < 70; attempt++) tries.push(await door.count("failed_key", "192.0.2.1"));
    expect(tries.filter((ms) => ms > 0).length).toBeGreaterThan(0);
    expect(tries.slice(0, 30).every((ms) => ms === 0)).toBe(true);
    expect(door.blockedMs("failed_key", "192.0.2.1")).toBeGreaterThan(0);
    expect(door.blockedMs("failed_key", "192.0.2.2")).toBe(0);
    expect(door.blockedMs("sign_in", "192.0.2.1")).toBe(0);
    expect(await door.count("failed_key", "192.0.2.2")).toBe(0);
  });

  test("an account is counted by itself, whatever its tries were for, and what was right is taken back", async () => {
    await admin.flushall();
    const now = Date.now();
    const door = new FrontDoor({ shared: shared(redis()), clock: { now: () => now }, log });
    for (let attempt = 0; attempt < 40; attempt++) {
      expect(await door.count("confirm_session", "right")).toBe(0);
      await door.giveBack("confirm_session", "right");
    }
    const tries = await Promise.all(Array.from({ length: 40 }, () => door.count("confirm_session", "wrong")));
    // The store's window slides with its own clock, so one more may fit while the test runs.
    expect(tries.filter((ms) => ms === 0).length).toBeLessThanOrEqual(6);
    expect(await door.count("confirm_session", "wrong")).toBeGreaterThan(0);
    expect(await door.count("confirm_account", "wrong")).toBe(0);
  });

  test("an IPv6 subscriber is one, however many addresses it uses", async () => {
    await admin.flushall();
    const door = new FrontDoor({ shared: shared(redis()), clock, log });
    for (let attempt = 0; attempt < 70; attempt++)
      await door.count("failed_key", `2001:db8:1:2::${attempt.toString(16)}`);
    expect(door.blockedMs("failed_key", "2001:db8:1:2:ffff::1")).toBeGreaterThan(0);
    expect(door.blockedMs("failed_key", "2001:db8:1:3::1")).toBe(0);
  });

  test("an IPv6 site is one as well: a thousand of its networks get eight times what one gets", async () => {
    await admin.flushall();
    const now = Date.now();
    const door = new FrontDoor({ shared: shared(redis()), clock: { now: () => now }, log });
    const network = (nth: number) => `2001:db8:7:${nth.toString(16)}::1`;
    for (let nth = 0; nth < 239; nth++) expect(await door.count("failed_key", network(nth))).toBe(0);
    // The store's window slides with its own clock, so some more may fit while the test runs.
    for (let nth = 239; nth < 1000 && door.blockedMs("failed_key", network(5000)) === 0; nth++)
      await door.count("failed_key", network(nth));
    expect(door.blockedMs("failed_key", network(5000))).toBeGreaterThan(0);
    expect(door.blockedMs("failed_key", "2001:db8:8::1")).toBe(0);
    expect(door.blockedMs("failed_key", "192.0.2.1")).toBe(0);
  });
});

test("with the store away it counts alone: it neither opens nor fails", async () => {
  const lost = await RedisServer.run();
  const client = await connectRedis({ kind: "resp", url: lost.url }, log, { commandMs: 200 });
  const door = new FrontDoor({ shared: shared(client.upstash), clock, log });
  expect(await door.count("failed_key", "192.0.2.9")).toBe(0);
  await lost.stop();
  for (let attempt = 0; attempt < 70; attempt++) await door.count("failed_key", "192.0.2.9");
  expect(door.blockedMs("failed_key", "192.0.2.9")).toBeGreaterThan(0);
  await client.close();
});
