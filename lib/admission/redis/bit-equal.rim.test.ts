import fc from "fast-check";
import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import { DAY_MS } from "@/lib/clock";
import { type AppliedLimit, type Plan, plan } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import type { AlgorithmName } from "@/lib/limits/rules/rule";
import { makeLog } from "@/lib/log";
import { connectRedis, type RedisClient } from "@/lib/redis/client";
import { scriptsUnderTest } from "../../../e2e/fixtures/mutants";
import { RedisServer } from "../../../e2e/fixtures/redis-server";
import type { Admission } from "../admission";
import { storeKeys } from "../keys";
import { MemoryAdmission } from "../memory/memory";
import { slotNumber } from "./layout";
import { RedisAdmission } from "./redis";
import { FORM } from "./scripts/layers.lua";

const KEYS = storeKeys("test");

/** The TypeScript engine and real Redis, driven by the same random histories: replies equal, state equal to the bit. */
const RUNS = Number(process.env.BIT_EQUAL_RUNS ?? 300);
const EPOCH = 1_795_000_000_000;
const TENANT = "acme";
const LEASE_MS = 15_000;

let server: RedisServer;
let client: RedisClient;
let admin: Redis;
beforeAll(async () => {
  server = await RedisServer.run();
  client = await connectRedis({ kind: "resp", url: server.url }, makeLog("silent"), { commandMs: 5000 });
  admin = new Redis(server.url);
});
afterAll(async () => {
  await client.close();
  admin.disconnect();
  await server.stop();
});

const SHAPES: readonly AlgorithmName[] = [
  "token_bucket",
  "leaky_bucket",
  "sliding_window",
  "fixed_window",
  "calendar_window",
  "concurrency",
];

const SUBJECTS: readonly string[] = ["t:acme:tenant", "t:acme:user:u1", "t:acme:key:k1", "global"];
const NAMES: readonly string[] = ["a", "b", "c"];

const limitShape = fc.record({
  algorithm: fc.constantFrom(...SHAPES),
  subject: fc.constantFrom(...SUBJECTS),
  name: fc.constantFrom(...NAMES),
  capacity: fc.integer({ min: 1, max: 120 }),
  refill: fc.integer({ min: 1, max: 60 }),
  periodMs: fc.constantFrom<number>(1000, 7919, 60_000),
  credit: fc.constantFrom<number>(0, 0, 7),
  observe: fc.constantFrom(false, false, false, true),
});
type LimitShape = typeof limitShape extends fc.Arbitrary<infer Shape> ? Shape : never;

const amounts = fc.record({ requests: fc.integer({ min: 0, max: 12 }), tokens: fc.integer({ min: 0, max: 40 }) });

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("admit" as const),
      id: fc.nat({ max: 20 }),
      caller: fc.nat({ max: 1 }),
      isProbe: fc.constantFrom(false, false, false, true),
      plans: fc.array(amounts, { minLength: 1, maxLength: 3 }),
      version: fc.constantFrom(9, 9, 9, 9, 9, 9, 9, 3),
      brake: fc.constantFrom(null, null, null, null, 0, 5000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("settle" as const), id: fc.nat({ max: 20 }), actual: amounts }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("heartbeat" as const), id: fc.nat({ max: 20 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("reap" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("clock" as const),
      ms: fc.oneof(
        { weight: 6, arbitrary: fc.integer({ min: 0, max: 3000 }) },
        { weight: 6, arbitrary: fc.integer({ min: -30_000, max: 120_000 }) },
        { weight: 1, arbitrary: fc.constantFrom<number>(DAY_MS, 2 * DAY_MS, DAY_MS - 1) },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("policy" as const),
      limits: fc.array(limitShape, { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("publish" as const), version: fc.integer({ min: 1, max: 9 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("peek" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("raise" as const),
      used: fc.integer({ min: 0, max: 90 }),
      usedBefore: fc.integer({ min: 0, max: 90 }),
      how: fc.constantFrom(undefined, undefined, "set" as const),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer Shape> ? Shape : never;

/** Distinct limits by subject and slot, with dimensions that only depend on the name. */
function limitsOf(shapes: readonly LimitShape[], now: number): AppliedLimit[] {
  const seen = new Set<string>();
  return shapes.flatMap((shape) => {
    const slotId = `${shape.name}|${shape.algorithm}`;
    if (seen.size === seen.add(`${shape.subject}#${slotId}`).size) return [];
    const startMs = Math.floor(now / DAY_MS) * DAY_MS;
    const bounds =
      shape.algorithm === "calendar_window"
        ? { startMs, endMs: startMs + DAY_MS, nextEndMs: startMs + 2 * DAY_MS }
        : null;
    const rule = {
      algorithm: shape.algorithm,
      capacity: shape.capacity,
      refill: shape.refill,
      periodMs: shape.periodMs,
      credit: shape.algorithm === "token_bucket" ? shape.credit : 0,
      bounds,
    };
    const dimension =
      shape.algorithm === "concurrency" ? "concurrency" : shape.name === "a" ? "requests" : "total_tokens";
    return [
      {
        limitId: slotId,
        layer: "tenant",
        dimension,
        subject: shape.subject,
        slotId,
        counter: `${shape.subject}#${slotId}`,
        rule,
        observe: shape.observe,
      },
    ];
  });
}

const amountsOf = (given: { requests: number; tokens: number }) => ({
  ...NO_AMOUNTS,
  requests: given.requests,
  total_tokens: given.tokens,
  concurrency: 1,
});

async function play(store: Admission, clock: { at: number }, world: World, one: Step): Promise<unknown> {
  // Bounds as a caller had them that lags up to a day behind the store.
  const limits = limitsOf(world.current, one.kind === "admit" && one.id % 3 === 0 ? clock.at - DAY_MS : clock.at);
  switch (one.kind) {
    case "admit":
      return store.admit({
        requestId: `r${one.id}`,
        tenantId: TENANT,
        caller: `c${one.caller}`,
        isProbe: one.isProbe,
        // A request id stands for one request: a repeat is that same request again.
        plans: plansFor(one, limits, world),
        brake: one.brake === null ? null : { id: "b", expiresAtMs: clock.at + one.brake },
        policyVersion: one.version,
        leaseMs: LEASE_MS,
        intent: `intent of ${one.id}|with, odd\nparts`,
      });
    case "settle":
      return store.settle({ tenantId: TENANT, requestId: `r${one.id}`, actual: amountsOf(one.actual) });
    case "heartbeat":
      return store.heartbeat({
        tenantId: TENANT,
        requestId: `r${one.id}`,
        leaseMs: LEASE_MS,
        note: `note ${one.id} ✓`,
      });
    case "reap":
      return [...(await store.reap({ tenantIds: [TENANT], leaseMs: LEASE_MS }))].sort((left, right) =>
        left.requestId < right.requestId ? -1 : 1,
      );
    case "publish":
      return store.publish(one.version, [TENANT]);
    case "raise": {
      const counts = limits.filter((limit) => limit.rule.algorithm !== "concurrency");
      return store.raise(
        counts.map((limit) => ({ limit, used: one.used, usedBefore: one.usedBefore })),
        one.how,
      );
    }
    case "peek":
      return store.peek(limits);
    default:
      return null;
  }
}

/** What both stores are asked about: the limits in force, and every call as it was first sent. */
function plansFor(
  one: Extract<Step, { kind: "admit" }>,
  limits: readonly AppliedLimit[],
  world: World,
): readonly Plan[] {
  const known = world.sent.get(one.id);
  if (known !== undefined) return known;
  const plans = one.plans.map((given, index) => plan({ candidate: String(index), limits, amounts: amountsOf(given) }));
  world.sent.set(one.id, plans);
  return plans;
}

type World = { current: readonly LimitShape[]; readonly sent: Map<number, readonly Plan[]> };

/** Every counter of Redis as the memory body dumps its own. */
async function redisCounters(limits: readonly AppliedLimit[]): Promise<Map<string, number[]>> {
  const found = new Map<string, number[]>();
  for (const subject of new Set(limits.map((limit) => limit.subject))) {
    const raw = await admin.getBuffer(KEYS.subject("c", subject));
    for (let at = 0; raw !== null && at < raw.length; ) {
      const packed = raw.readUIntLE(at, 3);
      const [form, id] = [Math.floor(packed / FORM), packed % FORM];
      const double = (offset: number) => raw.readDoubleLE(at + offset);
      const [a, t, b] = [double(3), double(11), form === 2 || form === 4 ? double(19) : 0];
      const count = form === 1 ? 1 : form === 2 || form === 3 ? raw.readUInt8(at + (form === 2 ? 27 : 19)) : 0;
      const head = [19, 19, 28, 20, 27][form] ?? 0;
      const marks = Array.from({ length: count }, (_, index) => {
        const from = at + head + index * (form === 3 ? 16 : 20);
        if (form === 3) return [raw.readDoubleLE(from), raw.readDoubleLE(from + 8)];
        return [raw.readDoubleLE(from), raw.readUInt32LE(from + 8), raw.readDoubleLE(from + 12)];
      });
      // Of several layers the newest stands first.
      const inOrder = form === 2 ? [...marks.slice(1), ...marks.slice(0, 1)] : marks;
      found.set(`${subject}/${id}`, [a, b, t, ...inOrder.flat()]);
      at += head + count * (form === 3 ? 16 : 20);
    }
  }
  return found;
}

/** Many calls at once on one subject, ended in any order, so that buckets stack layers, windows fill and both are thinned. */
test("bit-equal with hundreds of calls at once", { timeout: 120_000 }, async () => {
  const subject = "t:acme:tenant";
  const shape = { subject, observe: false, credit: 0, capacity: 100_000, refill: 20_000, periodMs: 60_000 };
  const shapes: LimitShape[] = [
    { ...shape, name: "a", algorithm: "token_bucket" },
    { ...shape, name: "b", algorithm: "token_bucket", credit: 500 },
    { ...shape, name: "c", algorithm: "token_bucket", refill: 60_000 },
    { ...shape, name: "b", algorithm: "sliding_window" },
    { ...shape, name: "c", algorithm: "sliding_window", capacity: 1_000_000_000, periodMs: 3_600_000 },
  ];
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 }), async (seed) => {
      await admin.flushall();
      let state = seed;
      const random = (below: number) => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
      };
      const clock = { at: EPOCH };
      const model = new MemoryAdmission({ now: () => clock.at }, { sweeps: false });
      const real = new RedisAdmission(client, KEYS, () => clock.at, scriptsUnderTest());
      for (const store of [model, real]) await store.publish(1, [TENANT]);
      const limits = limitsOf(shapes, EPOCH);
      const running: { id: string; asked: number }[] = [];
      let most = 0;
      for (let call = 0; call < 700; call++) {
        clock.at += random(10) === 0 ? random(4000) : random(40);
        const [ends, begins] = call < 350 ? [random(4) === 0, true] : [true, random(3) === 0];
        const asked = 1 + random(random(5) === 0 ? 4000 : 400);
        if (begins) {
          const plans = [
            plan({ candidate: "c", limits, amounts: { ...NO_AMOUNTS, requests: 1, total_tokens: asked } }),
          ];
          const rest = { tenantId: TENANT, caller: `c${call}`, brake: null, policyVersion: 1, leaseMs: LEASE_MS };
          const request = { requestId: `r${call}`, plans, intent: "", ...rest };
          const [expected, actual] = [await model.admit(request), await real.admit(request)];
          expect(actual).toEqual(expected);
          if (expected.kind === "admit") most = Math.max(most, running.push({ id: `r${call}`, asked }));
        }
        const [ended] = ends ? running.splice(random(running.length), 1) : [];
        if (ended === undefined) continue;
        const used = random(8) === 0 ? ended.asked + random(300) : random(ended.asked + 1);
        const actual = { ...NO_AMOUNTS, requests: 1, total_tokens: used };
        const settlement = { tenantId: TENANT, requestId: ended.id, actual };
        expect(await real.settle(settlement)).toBe(await model.settle(settlement));
      }
      expect(most).toBeGreaterThan(60);
      await expectSameBits(model, limits);
    }),
    { numRuns: Math.ceil(RUNS / 30) },
  );
});

async function expectSameBits(model: MemoryAdmission, everySlot: readonly AppliedLimit[]): Promise<void> {
  const counters = await redisCounters(everySlot);
  const expected = new Map(
    model.dump().counters.map(({ key, a, b, t, marks }) => {
      const limit = everySlot.find((one) => `${one.subject}#${one.slotId}` === key);
      if (limit === undefined) throw new Error(`unknown counter ${key}`);
      return [`${limit.subject}/${slotNumber(limit)}`, [a, b, t, ...marks]];
    }),
  );
  const bits = (map: Map<string, number[]>) =>
    [...map].sort().map(([key, numbers]) => `${key} ${Buffer.from(new Float64Array(numbers).buffer).toString("hex")}`);
  expect(bits(counters)).toEqual(bits(expected));
}

test(`bit-equal on ${RUNS} random histories`, { timeout: 600_000 }, async () => {
  const all = SHAPES.flatMap((algorithm) =>
    SUBJECTS.flatMap((subject) =>
      NAMES.map(
        (name): LimitShape => ({
          algorithm,
          subject,
          name,
          capacity: 1,
          refill: 1,
          periodMs: 1000,
          credit: 0,
          observe: false,
        }),
      ),
    ),
  );
  const everySlot = limitsOf(all, EPOCH).filter((limit) => limit.rule.algorithm !== "concurrency");
  let admitted = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(limitShape, { minLength: 1, maxLength: 6 }),
      fc.array(step, { minLength: 10, maxLength: 40 }),
      async (first, history) => {
        await admin.flushall();
        const clock = { at: EPOCH };
        const now = { now: () => clock.at };
        const model = new MemoryAdmission(now, { sweeps: false });
        const real = new RedisAdmission(client, KEYS, now.now, scriptsUnderTest());
        const world: World = { current: first, sent: new Map() };
        for (const store of [model, real]) await store.publish(1, [TENANT]);
        for (const one of history) {
          if (one.kind === "clock") clock.at += one.ms;
          if (one.kind === "policy") world.current = one.limits;
          const [expected, actual] = [await play(model, clock, world, one), await play(real, clock, world, one)];
          expect(actual, JSON.stringify(one)).toEqual(expected);
          if (typeof expected === "object" && expected !== null && "kind" in expected && expected.kind === "admit")
            admitted += 1;
        }
        await expectSameBits(model, everySlot);
      },
    ),
    { numRuns: RUNS, verbose: false },
  );
  expect(admitted).toBeGreaterThan(RUNS);
});
