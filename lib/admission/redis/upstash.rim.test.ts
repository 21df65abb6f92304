import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeLog } from "@/lib/log";
import { connectRedis, type RedisClient } from "@/lib/redis/client";
import { RedisServer } from "../../../e2e/fixtures/redis-server";
import { UpstashBridge } from "../../../e2e/fixtures/upstash-bridge";
import { storeKeys } from "../keys";
import { admissionSuite } from "../suites/admission.suite";
import { lawSuite } from "../suites/law.suite";
import { RedisAdmission } from "./redis";

const KEYS = storeKeys("test");

let server: RedisServer;
let bridge: UpstashBridge;
let client: RedisClient;
let admin: Redis;
beforeAll(async () => {
  server = await RedisServer.run();
  bridge = await UpstashBridge.run(server.url);
  client = await connectRedis({ kind: "rest", url: bridge.url, token: bridge.token }, makeLog("silent"), {
    commandMs: 5000,
  });
  admin = new Redis(server.url);
});
afterAll(async () => {
  await client.close();
  admin.disconnect();
  await bridge.stop();
  await server.stop();
});

admissionSuite("Upstash REST", async (clock) => {
  await admin.flushall();
  return new RedisAdmission(client, KEYS, clock.now);
});

lawSuite(
  "Upstash REST",
  async (clock) => {
    await admin.flushall();
    return new RedisAdmission(client, KEYS, clock.now);
  },
  12,
);

test("one request per admission, two when the scripts were forgotten", async () => {
  const store = new RedisAdmission(client, KEYS);
  await store.publish(1, ["t"]);
  const ask = (requestId: string) =>
    store.admit({
      requestId,
      tenantId: "t",
      caller: "c",
      plans: [{ candidate: "c", checks: [] }],
      brake: null,
      policyVersion: 1,
      leaseMs: 1000,
      intent: "",
    });
  await ask("warm");
  const before = bridge.requests;
  await ask("one");
  expect(bridge.requests - before).toBe(1);
  await bridge.forgetScripts();
  expect((await ask("two")).kind).toBe("admit");
  expect(bridge.requests - before).toBe(3);
});

test("a wrong token and a store that is away are reported in one line without the command", async () => {
  await expect(connectRedis({ kind: "rest", url: bridge.url, token: "wrong" }, makeLog("silent"))).rejects.toThrow(
    /^UPSTASH_REDIS_REST_URL: no answer from there \(WRONGPASS[^,]*\)$/,
  );
  await expect(
    connectRedis({ kind: "rest", url: "http://127.0.0.1:9", token: "x" }, makeLog("silent")),
  ).rejects.toThrow("UPSTASH_REDIS_REST_URL");
});
