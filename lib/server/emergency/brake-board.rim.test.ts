import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { RedisServer } from "@/e2e/fixtures/redis-server";
import { storeKeys } from "@/lib/admission/keys";
import { makeLog } from "@/lib/log";
import { connectRedis, type RedisClient } from "@/lib/redis/client";
import { storeBoard } from "./brake-board";
import type { EmergencyBrake } from "./emergency-brake";

const KEYS = storeKeys("board");
let server: RedisServer;
let client: RedisClient;
let admin: Redis;
beforeAll(async () => {
  server = await RedisServer.run();
  client = await connectRedis({ kind: "resp", url: server.url }, makeLog("silent"), { commandMs: 5000 });
  admin = new Redis(server.url);
});
afterAll(async () => {
  admin.disconnect();
  await client.close();
  await server.stop();
});

const brake = (nth: number): EmergencyBrake => ({
  version: 1,
  id: `brk_${String(nth).padStart(20, "0")}`,
  scope: { tenant: "acme", model: 'a"b\\c' },
  mode: "block",
  reason: "die Datenbank ist weg \u{1F6D1}",
  publicMessage: null,
  createdBy: "operator-token",
  address: "127.0.0.1",
  createdAtMs: 1_795_000_000_000,
  expiresAtMs: null,
  lift: null,
});

test("every process of the store reads what one has put there, as it was, until it is dropped", async () => {
  const board = storeBoard(client, KEYS);
  expect(await board.read()).toEqual([]);
  await board.put(brake(1));
  await board.put(brake(2));
  const lift = { by: "ann", address: "::1", atMs: 1_795_000_000_001, reason: null, untilMs: null };
  await board.put({ ...brake(2), lift });
  const read = await storeBoard(client, KEYS).read();
  expect(read.toSorted((one, other) => (one.id < other.id ? -1 : 1))).toEqual([brake(1), { ...brake(2), lift }]);
  expect(await admin.pttl(KEYS.brakes)).toBeGreaterThan(86_400_000);
  await board.drop(brake(1).id, "set");
  await board.drop(brake(2).id, "set");
  expect(await board.read()).toEqual([{ ...brake(2), lift }]);
  await board.drop(brake(2).id, "lifted");
  expect([await board.read(), await admin.exists(KEYS.brakes)]).toEqual([[], 0]);
});

test("what no process of ours wrote there is left out, and there is an end to what is kept", async () => {
  const board = storeBoard(client, KEYS);
  await admin.hset(KEYS.brakes, "x", '{"version":2,"id":"x"}');
  for (let nth = 0; nth < 105; nth++) await board.put(brake(nth));
  expect(await board.read()).toHaveLength(99);
  expect(await admin.hlen(KEYS.brakes)).toBe(100);
});
