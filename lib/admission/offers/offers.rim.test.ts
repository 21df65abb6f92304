import { afterAll, beforeAll, expect, test } from "vitest";
import { makeLog } from "@/lib/log";
import { connectRedis, type RedisClient } from "@/lib/redis/client";
import { RedisServer } from "../../../e2e/fixtures/redis-server";
import { storeKeys } from "../keys";
import { OFFER_MS, RedisOffers } from "./offers";

let server: RedisServer;
let client: RedisClient;
beforeAll(async () => {
  server = await RedisServer.run();
  client = await connectRedis({ kind: "resp", url: server.url }, makeLog("silent"), { commandMs: 2000 });
});
afterAll(async () => {
  await client.close();
  await server.stop();
});

const clock = { now: 1_000_000 };
const offersOf = (process: string) =>
  new RedisOffers({ redis: client, keys: storeKeys("off"), process, now: () => clock.now });
const none = { news: [], tenantIds: [] };

test("each process sees the others' best calls of a line, until they are withdrawn; lines are apart", async () => {
  const [one, two] = [offersOf("one"), offersOf("two")];
  expect((await one.exchange({ line: "a", own: { band: -1, cost: 0.5 }, ...none })).others).toEqual([]);
  expect((await two.exchange({ line: "a", own: { band: 2, cost: 7 }, ...none })).others).toEqual([
    { band: -1, cost: 0.5 },
  ]);
  expect((await one.exchange({ line: "b", own: { band: 0, cost: 0 }, ...none })).others).toEqual([]);
  expect((await one.exchange({ line: "a", own: null, ...none })).others).toEqual([{ band: 2, cost: 7 }]);
  expect((await two.exchange({ line: "a", own: { band: 2, cost: 7 }, ...none })).others).toEqual([]);
});

test("a process that was killed leaves no ghost: its offer is gone after three seconds", async () => {
  const [killed, living] = [offersOf("killed"), offersOf("living")];
  await killed.exchange({ line: "k", own: { band: 0, cost: 0 }, ...none });
  const look = async () => (await living.exchange({ line: "k", own: { band: 1, cost: 0 }, ...none })).others.length;
  clock.now += OFFER_MS;
  expect(await look()).toBe(1);
  clock.now += 1;
  expect(await look()).toBe(0);
  expect(OFFER_MS).toBeLessThan(15_000);
});

test("what tenants have used adds up over processes, to the last digit, and a start is a floor, not a charge", async () => {
  const [one, two] = [offersOf("one"), offersOf("two")];
  const ask = { line: "c", own: null, tenantIds: ["t", "u", "nobody"] };
  await one.exchange({ ...ask, news: [{ tenantId: "t", cost: 0.1, atLeast: 100 }] });
  await two.exchange({ ...ask, news: [{ tenantId: "t", cost: 0.2, atLeast: 50 }] });
  const { costs } = await one.exchange({ ...ask, news: [{ tenantId: "u", cost: 0, atLeast: 3 }] });
  expect(costs).toEqual([
    ["t", 100 + 0.1 + 0.2],
    ["u", 3],
  ]);
});
