import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock, systemElapsed } from "@/lib/clock";
import { type AppliedLimit, plan } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { makeLog } from "@/lib/log";
import { connectRedis, type RedisClient } from "@/lib/redis/client";
import { slotOf } from "@/lib/redis/cluster/slots";
import { RedisCluster } from "../../../e2e/cluster/redis-cluster";
import { until } from "../../../e2e/fixtures/process";
import type { AdmitReply } from "../admission";
import { storeKeys } from "../keys";
import { RedisBooks } from "../leases/book-store";
import { LeasedAdmission } from "../leases/leased";
import { Shares } from "../leases/shares";
import { MemoryAdmission } from "../memory/memory";
import { RedisAdmission } from "../redis/redis";

const KEYS = storeKeys("far", "apart");
const CAPACITY = 200;
const LEASE_MS = 15_000;
const TENANTS = ["acme", "other", "third", "fourth"];
const log = makeLog("silent");

type Process = { readonly admission: LeasedAdmission; readonly shares: Shares; readonly client: RedisClient };
let cluster: RedisCluster;
let processes: Process[];
beforeAll(async () => {
  cluster = await RedisCluster.run(0);
  processes = [await processNamed("one"), await processNamed("two")];
  await processes[0]?.admission.publish(1, TENANTS);
});
afterAll(async () => {
  for (const { client } of processes ?? []) await client.close();
  await cluster?.stop();
});

async function processNamed(holder: string): Promise<Process> {
  const client = await connectRedis({ kind: "cluster", urls: cluster.urls }, log, { commandMs: 5000 });
  const local = new MemoryAdmission(systemClock);
  const needs = { store: new RedisBooks(client, KEYS), local, holder, elapsed: systemElapsed, log };
  const shares = new Shares({ ...needs, peers: () => 2, callLeaseMs: LEASE_MS });
  await shares.start();
  return { admission: new LeasedAdmission({ inner: new RedisAdmission(client, KEYS), local, shares }), shares, client };
}

function limitOf(subject: string, algorithm: "fixed_window" | "concurrency", capacity: number): AppliedLimit {
  const rule = { algorithm, capacity, refill: capacity, periodMs: 31_000_000_000, credit: 0, bounds: null } as const;
  const dimension = algorithm === "concurrency" ? "concurrency" : "requests";
  const names = { limitId: subject, subject, slotId: algorithm, counter: `${subject}#${algorithm}` };
  return { ...names, layer: subject === "global" ? "global" : "tenant", dimension, rule, observe: false };
}

let serial = 0;
function call(at: number, tenantId: string, shared: AppliedLimit): Promise<AdmitReply> {
  serial += 1;
  const limits = [shared, limitOf(`t:${tenantId}:tenant`, "fixed_window", 1_000_000)];
  const amounts = { ...NO_AMOUNTS, requests: 1, concurrency: 1 };
  const plans = [plan({ candidate: "c", limits, amounts })];
  const requestId = `call-${serial}`;
  const { admission } = at === 0 ? first() : second();
  const rest = { caller: "c", brake: null, policyVersion: 1, leaseMs: LEASE_MS, intent: "" };
  return admission.admit({ ...rest, requestId, tenantId, plans });
}

function first(): Process {
  const [one] = processes;
  if (one === undefined) throw new Error("two processes");
  return one;
}

function second(): Process {
  const [, two] = processes;
  if (two === undefined) throw new Error("two processes");
  return two;
}

test("tenants lie in slots of their own, and one script reads only keys of one slot", () => {
  const slots = TENANTS.map((id) => slotOf(KEYS.tenant(id).flags));
  expect(new Set(slots).size).toBeGreaterThan(1);
  for (const id of TENANTS) {
    const { flags, open, reservation } = KEYS.tenant(id);
    const own = [flags, open, reservation("x"), KEYS.subject("c", `t:${id}:user:u`)];
    expect(new Set(own.map(slotOf)).size).toBe(1);
  }
  const { book, mark } = KEYS.share("global#x");
  expect(slotOf(book)).toBe(slotOf(mark));
});

test("two processes and four tenants share one limit of all tenants: never above it, and nearly all of it is used", async () => {
  const all = limitOf("global", "fixed_window", CAPACITY);
  const early = await call(0, "acme", all);
  expect(early.kind).toBe("deny");
  // A new store grants nothing for one share's time.
  await until("the first share", async () => (await call(0, "acme", all)).kind === "admit", 30_000);
  // The other process gets a share at once, however much the first one was asked for.
  expect((await call(1, "acme", all)).kind).toBe("admit");
  let admitted = 2;
  for (let round = 0; round < 60 && admitted < CAPACITY; round++) {
    const asked = Array.from({ length: 40 }, (_, index) => call(index % 2, TENANTS[index % 4] ?? "acme", all));
    const replies = await Promise.all(asked);
    admitted += replies.filter(({ kind }) => kind === "admit").length;
    expect(admitted).toBeLessThanOrEqual(CAPACITY);
    await Promise.all([first().shares.renewAll(), second().shares.renewAll()]);
  }
  process.stdout.write(`leased shares: ${admitted} of ${CAPACITY} admitted by two processes on three masters\n`);
  expect(admitted).toBeGreaterThanOrEqual(CAPACITY * 0.99);
  const { states } = await second().admission.peek([all, limitOf("t:acme:tenant", "fixed_window", 1_000_000)]);
  expect(states.map(({ check }) => check.subject)).toEqual(["global", "t:acme:tenant"]);
  expect(states[0]?.used).toBeGreaterThanOrEqual(admitted);
  const refused = await call(1, "other", all);
  expect(refused).toMatchObject({ kind: "deny" });
  if (refused.kind === "deny") expect(refused.retryAfterMs).toBeGreaterThan(0);
  if (refused.kind === "deny")
    expect(refused.states.map(({ check }) => check.rule.capacity)).toEqual([CAPACITY, 1_000_000]);
});

test("a process that leaves gives back what it does not use, and a call that ends frees its slot", async () => {
  const slots = limitOf("global", "concurrency", 4);
  const held = await until("slots", async () => {
    const reply = await call(0, "acme", slots);
    return reply.kind === "admit" ? `call-${serial}` : null;
  });
  expect((await call(0, "acme", slots)).kind).toBe("admit");
  await first().admission.settle({ tenantId: "acme", requestId: held, actual: NO_AMOUNTS });
  await first().shares.leave();
  const kinds = await Promise.all([1, 2, 3, 4].map(() => call(1, "other", slots)));
  // One of the four runs in the process that has left.
  expect(kinds.filter(({ kind }) => kind === "admit")).toHaveLength(3);
});
