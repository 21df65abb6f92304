import { Ratelimit } from "@upstash/ratelimit";
import { Redis as UpstashRedis } from "@upstash/redis";
import { Redis } from "ioredis";
import type { AdmitRequest } from "@/lib/admission/admission";
import { prefixOf, storeKeys } from "@/lib/admission/keys";
import { RedisAdmission } from "@/lib/admission/redis/redis";
import { decide } from "@/lib/limits/decide";
import { type AppliedLimit, plan } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { NO_MARKS, type Slot } from "@/lib/limits/slot";
import { over } from "@/lib/redis/client";
import { RespRequester } from "@/lib/redis/resp-requester";
import { makeScript } from "@/lib/redis/script";
import { newRequestId } from "@/lib/request-id";
import { RedisServer } from "../e2e/fixtures/redis-server";

const KEYS = storeKeys(prefixOf("bench"));

/**
 * Server CPU per call on one Redis. All variants are interleaved in every round; the result is the median over rounds
 * of the ratio to that round's floor (an empty EVALSHA). The machine's noise affects all variants of a round equally.
 */
const ROUNDS = 15;
const CALLS = 640;
/** Concurrent callers: with only one, the server's wake-up for each call hides the cost of the calls. */
const AT_ONCE = 16;
const USERS = 1000;
const USERS_FOR_MEMORY = 20_000;
/** Calls left running on every shared counter in the crowded rows. */
const CROWD = 640;
const LIMITS = 12;
const TENANT = "acme";
const BIG = 1_000_000_000;
/** So slow that counters neither leak nor expire during the measurement. */
const A_MONTH_MS = 30 * 24 * 3_600_000;

const server = await RedisServer.run();
const admin = new Redis(server.url);

/**
 * Collects the requests of one turn's callers and sends them in pieces of `size`, one write each. So every variant
 * reaches the server at the same pace, however slow its caller is, and "pipelined" means one write of twelve.
 */
function paced(size: number): UpstashRedis {
  const waiting: { args: string[]; resolve: (value: unknown) => void; reject: (error: unknown) => void }[] = [];
  const flush = () => {
    for (let at = 0; at < waiting.length; at += size) {
      const batch = waiting.slice(at, at + size);
      const pipe = admin.pipeline(batch.map(({ args }) => args));
      void pipe.exec().then((replies) => {
        for (const [index, { resolve, reject }] of batch.entries()) {
          const [error, value] = replies?.[index] ?? [new Error("no reply"), null];
          if (error === null) resolve(value);
          else reject(error);
        }
      });
    }
    waiting.length = 0;
  };
  const call = (...args: string[]) =>
    new Promise<unknown>((resolve, reject) => {
      if (waiting.push({ args, resolve, reject }) === 1) setImmediate(flush);
    });
  return new UpstashRedis(
    new RespRequester(Object.assign(Object.create(admin), { call }), { wait: (answer) => answer }),
  );
}

const client = { ...over(paced(1)), close: async () => undefined };
const store = new RedisAdmission(client, KEYS);
await store.publish(1, [TENANT]);

function limit(subject: string, index: number, concurrency = false): AppliedLimit {
  const dimension = concurrency ? "concurrency" : (["requests", "total_tokens", "cost_micro_usd"] as const)[index % 3];
  const algorithm = concurrency ? "concurrency" : "token_bucket";
  const rule = { algorithm, capacity: BIG, refill: 1000, periodMs: A_MONTH_MS, credit: 0, bounds: null } as const;
  return {
    limitId: `${subject}${index}`,
    layer: "tenant",
    dimension: dimension ?? "requests",
    subject,
    slotId: `${dimension}|${algorithm}`,
    counter: `${subject}#${dimension}|${algorithm}`,
    rule,
    observe: false,
  };
}

const amounts = { ...NO_AMOUNTS, requests: 1, total_tokens: 1500, cost_micro_usd: 900, concurrency: 1 };
const actual = { ...amounts, total_tokens: 700, cost_micro_usd: 400 };

function request(id: string, user: number): AdmitRequest {
  const subjects = ["tenant", `user:u${user % USERS}`, "key:k1", "model:m1"].map((subject) => `t:${TENANT}:${subject}`);
  const limits = subjects.flatMap((subject) => [0, 1, 2].map((index) => limit(subject, index)));
  const leases = subjects.slice(0, 2).map((subject) => limit(subject, 3, true));
  const plans = [plan({ candidate: "c", limits: [...limits, ...leases], amounts })];
  return {
    requestId: id,
    tenantId: TENANT,
    caller: `k1:u${user % USERS}`,
    plans,
    brake: null,
    policyVersion: 1,
    leaseMs: 15_000,
    intent: "",
  };
}

const together = paced(LIMITS);
const peers = (transport: UpstashRedis, algorithm: ReturnType<typeof Ratelimit.tokenBucket>, prefix: string) =>
  Array.from({ length: LIMITS }, (_, index) => {
    return new Ratelimit({
      redis: transport,
      limiter: algorithm,
      prefix: `${prefix}${index}`,
      ephemeralCache: false,
      analytics: false,
      enableTelemetry: false,
    });
  });
const buckets = peers(together, Ratelimit.tokenBucket(BIG, "60 s", BIG), "tb");
const windows = peers(together, Ratelimit.slidingWindow(BIG, "60 s"), "sw");

const singles = peers(client.upstash, Ratelimit.tokenBucket(BIG, "60 s", BIG), "ts");

const FLOOR = makeScript("return 'A'");
let serial = 0;

/** The steps of a variant. Each is measured separately, with `AT_ONCE` calls at a time. */
type Step = (call: number) => Promise<unknown>;

const ids = new Map<number, string>();
const began = (call: number) => ids.get(call) ?? "";
const begin = async (call: number, prefix: string) => {
  const id = `${prefix}${String(serial++).padStart(31, "0")}`;
  ids.set(call, id);
  const reply = await store.admit(request(id, call));
  if (reply.kind !== "admit") throw new Error(`not admitted: ${reply.kind}`);
};
const end = (call: number) => store.settle({ tenantId: TENANT, requestId: began(call), actual });
const brake = { id: "b", expiresAtMs: null };

const variants: Record<string, Record<string, Step>> = {
  floor: { floor: () => client.run(FLOOR, [], [], "floor") },
  call: {
    admit: (call) => begin(call, "req_"),
    replay: (call) => store.admit(request(began(call), call)),
    settle: end,
  },
  brake: { brake: (call) => store.admit({ ...request(`req_b${serial++}`, call), brake }) },
  pipelined: {
    "12 token buckets, pipelined": (call) => Promise.all(buckets.map((one) => one.limit(`u${call % USERS}`))),
  },
  single: { "12 token buckets, one by one": (call) => oneByOne(singles, call) },
  windows: {
    "12 sliding windows, pipelined": (call) => Promise.all(windows.map((one) => one.limit(`u${call % USERS}`))),
  },
};
const ADMIT_CROWDED = `admit beside ${CROWD} running calls`;
const SETTLE_CROWDED = `settle beside ${CROWD} running calls`;
const crowded: Record<string, Step> = {
  [ADMIT_CROWDED]: (call) => begin(call, "crq_"),
  [SETTLE_CROWDED]: end,
};

async function oneByOne(limiters: readonly Ratelimit[], call: number): Promise<void> {
  for (const one of limiters) await one.limit(`u${call % USERS}`);
}

async function cpuMicros(): Promise<number> {
  const info = await admin.info("cpu");
  const of = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1] ?? 0);
  return (of("used_cpu_user_main_thread") + of("used_cpu_sys_main_thread")) * 1e6;
}

/** Bytes that the store holds, without this connection's buffers: they change by tens of kilobytes. */
async function usedMemory(): Promise<number> {
  const info = await admin.info("memory");
  const of = (name: string) => Number(new RegExp(`\\b${name}:(\\d+)`).exec(info)?.[1] ?? 0);
  return of("used_memory") - of("mem_clients_normal");
}

const median = (list: readonly number[]) =>
  [...list].sort((left, right) => left - right)[Math.floor(list.length / 2)] ?? 0;

const micros = new Map<string, number[]>();

/** Runs the steps one after the other for each batch of calls. Notes CPU per call minus that of the measurement. */
async function measure(steps: Record<string, Step>, asking: number, isWarm: boolean): Promise<void> {
  const sums = new Map(Object.keys(steps).map((name) => [name, 0]));
  for (let first = 0; first < CALLS; first += AT_ONCE) {
    for (const [name, step] of Object.entries(steps)) {
      const before = await cpuMicros();
      await Promise.all(Array.from({ length: AT_ONCE }, (_, index) => step(first + index)));
      sums.set(name, (sums.get(name) ?? 0) + (await cpuMicros()) - before - asking);
    }
  }
  if (!isWarm) return;
  for (const [name, sum] of sums) micros.set(name, [...(micros.get(name) ?? []), sum / CALLS]);
}

async function costOfAsking(): Promise<number> {
  const before = await cpuMicros();
  for (let time = 0; time < 199; time++) await cpuMicros();
  return ((await cpuMicros()) - before) / 200;
}

// Two warm-up rounds: scripts, policy, compilers.
for (let round = -2; round < ROUNDS; round++) {
  const asking = await costOfAsking();
  for (const steps of Object.values(variants)) await measure(steps, asking, round >= 0);
}
for (let call = 0; call < CROWD; call++) await begin(CALLS + call, "req_c");
for (let round = -1; round < 5; round++) await measure(crowded, await costOfAsking(), round >= 0);

const floors = micros.get("floor") ?? [];
const ratioOf = (name: string, base: readonly number[] = floors) =>
  median((micros.get(name) ?? []).map((each, round) => each / (base[round] ?? 1)));

const trips = { before: client.trips(), admit: 0, settle: 0 };
await store.admit(request("req_trip", 1));
trips.admit = client.trips() - trips.before;
await store.settle({ tenantId: TENANT, requestId: "req_trip", actual });
trips.settle = client.trips() - trips.before - trips.admit;

const bytes = await memory();
const inProcessMicros = inProcess();

/** Memory of one user's three counters after its call is settled, and of one finished call while its id is kept. */
async function memory(): Promise<{ perUser: number; perCall: number }> {
  // One call first, because the script of its shape must not count as a user's memory.
  await callsOf(() => `t:${TENANT}:user:one`, false, 1);
  await admin.flushall();
  await store.publish(1, [TENANT]);
  const empty = await usedMemory();
  await callsOf((user) => `t:${TENANT}:user:u${user}`, true);
  const users = await usedMemory();
  if ((await admin.dbsize()) < USERS_FOR_MEMORY) throw new Error("counters expired while they were measured");
  await admin.flushall();
  await store.publish(1, [TENANT]);
  const none = await usedMemory();
  await callsOf(() => `t:${TENANT}:user:one`, false);
  const calls = await usedMemory();
  return { perUser: (users - empty) / USERS_FOR_MEMORY, perCall: (calls - none) / USERS_FOR_MEMORY };
}

/** One settled call of each user; with `forgets` its id is not kept. */
async function callsOf(subjectOf: (user: number) => string, forgets: boolean, users = USERS_FOR_MEMORY): Promise<void> {
  const waiting = Array.from({ length: users }, (_, user) => user);
  while (waiting.length > 0) {
    await Promise.all(
      waiting.splice(0, 500).map(async (user) => {
        const limits = [0, 1, 2].map((index) => limit(subjectOf(user), index));
        const plans = [plan({ candidate: "c", limits, amounts })];
        const id = newRequestId(Date.now());
        await store.admit({ ...request(id, 0), caller: `k1:u${user}`, plans });
        await store.settle({ tenantId: TENANT, requestId: id, actual });
        if (forgets) await admin.del(KEYS.tenant(TENANT).finished(id));
      }),
    );
  }
}

/** One decision over twelve limits by the TypeScript engine, with warm counters. */
function inProcess(): number {
  const clock = { now: () => 1_795_000_000_000 };
  const counters = new Map<string, Slot>();
  const limits = ["a", "b", "c", "d"].flatMap((subject) => [0, 1, 2].map((index) => limit(subject, index)));
  const plans = [plan({ candidate: "c", limits, amounts })];
  for (const one of limits) counters.set(one.counter, { a: 1, b: 0, t: clock.now() - 10, marks: NO_MARKS });
  const view = { slot: (counter: string) => counters.get(counter), leases: () => 0 };
  const rounds: number[] = [];
  for (let round = 0; round < 25; round++) {
    const began = process.hrtime.bigint();
    for (let call = 0; call < 4000; call++) decide(plans, view, clock.now());
    rounds.push(Number(process.hrtime.bigint() - began) / 4000 / 1000);
  }
  return median(rounds);
}

console.log(
  `Redis CPU per call, medians of ${ROUNDS} rounds of ${CALLS} calls, ${AT_ONCE} at once; ${LIMITS} limits, 2 leases, 1 reservation\n`,
);
const base = micros.get("12 token buckets, pipelined") ?? [];
const rows = [...micros.keys()].map((name) => ({
  variant: name,
  "CPU µs": median(micros.get(name) ?? []).toFixed(1),
  "× floor": ratioOf(name).toFixed(2),
  "× 12 token buckets": ratioOf(name, base).toFixed(2),
}));
console.table(rows);
console.log(`round trips: ${trips.admit} per admission, ${trips.settle} per settlement`);
console.log(
  `memory: ${bytes.perUser.toFixed(0)} B per user with 3 limits, ${bytes.perCall.toFixed(0)} B per finished call`,
);
console.log(`in process: ${inProcessMicros.toFixed(2)} µs per decision over ${LIMITS} limits`);
if (process.argv.includes("--json")) {
  const round = (value: number) => Math.round(value * 1000) / 1000;
  console.log(
    JSON.stringify({
      admitToFloor: round(ratioOf("admit")),
      admitToUpstash: round(ratioOf("admit", base)),
      settleToFloor: round(ratioOf("settle")),
      brakeToFloor: round(ratioOf("brake")),
      replayToFloor: round(ratioOf("replay")),
      admitCrowdedToFloor: round(median(micros.get(ADMIT_CROWDED) ?? []) / median(floors)),
      settleCrowdedToFloor: round(median(micros.get(SETTLE_CROWDED) ?? []) / median(floors)),
      tripsPerAdmission: trips.admit,
      bytesPerUser: round(bytes.perUser),
      bytesPerFinishedCall: round(bytes.perCall),
      inProcessMicros: round(inProcessMicros),
    }),
  );
}
admin.disconnect();
await server.stop();
process.exit(0);
