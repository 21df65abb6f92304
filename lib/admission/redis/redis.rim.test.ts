import { Redis } from "ioredis";
import { afterAll, beforeAll } from "vitest";
import { makeLog } from "@/lib/log";
import { connectRedis, type RedisClient } from "@/lib/redis/client";
import { RedisServer } from "../../../e2e/fixtures/redis-server";
import { admissionSuite } from "../admission.suite";
import { RedisAdmission } from "./redis";

let server: RedisServer;
let client: RedisClient;
let admin: Redis;
beforeAll(async () => {
  server = await RedisServer.run();
  client = await connectRedis({ kind: "resp", url: server.url }, makeLog("silent"), { commandMs: 2000 });
  admin = new Redis(server.url);
});
afterAll(async () => {
  await client.close();
  admin.disconnect();
  await server.stop();
});

admissionSuite("Redis over RESP", async (clock) => {
  await admin.flushall();
  return new RedisAdmission(client, clock.now);
});
