import { afterAll, beforeAll, expect, test } from "vitest";
import { plan } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { makeLog } from "@/lib/log";
import { connectRedis, type RedisClient } from "@/lib/redis/client";
import { slotOf } from "@/lib/redis/cluster/slots";
import { RedisCluster, withClient } from "../../../e2e/cluster/redis-cluster";
import { until } from "../../../e2e/fixtures/process";
import { scriptsUnderTest } from "../../../e2e/mutants/mutants";
import { storeKeys } from "../keys";
import { keepIdentity, readIdentity } from "../redis/identity";
import { RedisAdmission } from "../redis/redis";
import { admissionSuite } from "../suites/admission.suite";
import { limit } from "../suites/fixture.suite";
import { lawSuite } from "../suites/law.suite";
import { toldSuite } from "../suites/told.suite";

const KEYS = storeKeys("clu", "together");
const REST = { tenantId: "acme", caller: "c", brake: null, policyVersion: 1, leaseMs: 15_000, intent: "" };
const PATIENT = { commandMs: 5000 };

let cluster: RedisCluster;
let client: RedisClient;
beforeAll(async () => {
  cluster = await RedisCluster.run(1);
  client = await connectRedis({ kind: "cluster", urls: cluster.urls.slice(0, 1) }, makeLog("silent"), PATIENT);
});
afterAll(async () => {
  await client?.close();
  await cluster?.stop();
});

const body = async (clock: { now(): number }) => {
  await cluster.flush();
  return new RedisAdmission(client, KEYS, clock.now, scriptsUnderTest());
};
admissionSuite("Redis Cluster", body);
toldSuite("Redis Cluster", async (clock) => {
  const store = await body(clock);
  await store.publish(1, ["acme"]);
  return store;
});
lawSuite("Redis Cluster", body, 20);

const shared = [limit("global", 5), limit("tenant", 5, { subject: "t:acme:tenant" })];
const call = (store: RedisAdmission, requestId: string) => {
  const plans = [plan({ candidate: "c", limits: shared, amounts: { ...NO_AMOUNTS, total_tokens: 1 } })];
  return store.admit({ ...REST, requestId, plans });
};

test("one admission over a tenant's limit and everybody's is one round trip to one master, also for two tenants", async () => {
  await cluster.flush();
  const store = new RedisAdmission(client, KEYS);
  await store.publish(1, ["acme", "other"]);
  await call(store, "first");
  const before = client.trips();
  expect((await call(store, "second")).kind).toBe("admit");
  expect(client.trips() - before).toBe(1);
});

test("a slot that moves is followed: while it is on its way, and when it has arrived", async () => {
  await cluster.flush();
  const store = new RedisAdmission(client, KEYS);
  await store.publish(1, ["acme"]);
  const slot = slotOf(KEYS.identity);
  const from = await cluster.masterOf(KEYS.identity);
  const to = await cluster.otherThan(from);
  let others = 0;
  client.onOtherServer(() => {
    others += 1;
  });
  const [fromId, toId] = [await idOf(from), await idOf(to)];
  await withClient(to, (node) => node.call("cluster", "setslot", String(slot), "importing", fromId));
  await withClient(from, (node) => node.call("cluster", "setslot", String(slot), "migrating", toId));
  await withClient(from, async (node) => {
    const keys = await node.keys("*");
    if (keys.length > 0) await node.call("migrate", "127.0.0.1", String(to.port), "", "0", "5000", "keys", ...keys);
  });
  // ASK, to a node that does not know the script yet. Any Redis 7 refuses a command while only some of its keys are there.
  const identity = { id: "one", installation: "here", server: "" };
  expect(await keepIdentity(client, KEYS, identity)).toEqual(identity);
  expect(await readIdentity(client, KEYS)).toEqual(identity);
  await expect(call(store, "on its way")).rejects.toMatchObject({ name: "StoreUnavailable", reason: "cluster" });
  expect(others).toBe(0);
  for (const node of [to, from])
    await withClient(node, (one) => one.call("cluster", "setslot", String(slot), "node", toId));
  // MOVED: nothing is decided on the new master before the listeners were called.
  const arrived = await until("the slot to have arrived", () => call(store, "arrived").catch(() => null));
  expect(arrived.kind).toBe("admit");
  expect(others).toBeGreaterThan(0);
});

test("a master that dies is followed by its replica, and nothing is decided there before the listeners are called", async () => {
  await cluster.flush();
  const own = await connectRedis({ kind: "cluster", urls: cluster.urls }, makeLog("silent"), PATIENT);
  const store = new RedisAdmission(own, KEYS);
  await store.publish(1, ["acme"]);
  let isTold = false;
  own.onOtherServer(() => {
    isTold = true;
    store.distrust();
  });
  expect((await call(store, "before")).kind).toBe("admit");
  const before = own.server();
  const master = await cluster.masterOf(KEYS.identity);
  await master.stop();
  const after = await until("the replica to decide", () => call(store, "after").catch(() => null));
  // The store is not trusted until it has been filled.
  expect([isTold, after.kind]).toEqual([true, "stale"]);
  const filled: string[] = [];
  await store.publish(1, ["acme"], async (tenants) => {
    filled.push(...tenants);
    return 1;
  });
  expect(filled).toEqual(["acme"]);
  expect((await call(store, "filled")).kind).toBe("admit");
  expect(own.server()).not.toBe(before);
  await own.close();
});

function idOf(node: Parameters<typeof withClient>[0]): Promise<string> {
  return withClient(node, async (client) => String(await client.call("cluster", "myid")));
}
