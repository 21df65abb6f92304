import { Redis } from "ioredis";
import { afterAll, beforeAll, expect, test } from "vitest";
import fc from "@/lib/fuzz/properties.suite";
import { type AppliedLimit, plan } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { makeLog } from "@/lib/log";
import { connectRedis, type RedisClient } from "@/lib/redis/client";
import { RedisServer } from "../../../e2e/fixtures/redis-server";
import { scriptsUnderTest } from "../../../e2e/mutants/mutants";
import { storeKeys } from "../keys";
import { MemoryAdmission } from "../memory/memory";
import {
  EPOCH,
  LEASE_MS,
  type LimitShape,
  limitShape,
  limitsOf,
  NAMES,
  play,
  SHAPES,
  SUBJECTS,
  step,
  TENANT,
  type World,
} from "./histories.suite";
import { slotNumber } from "./layout";
import { RedisAdmission } from "./redis";
import { FORM } from "./scripts/layers.lua";

const KEYS = storeKeys("test");

/** The TypeScript engine and real Redis, driven by the same random histories: replies equal, state equal to the bit. */
const RUNS = Number(process.env.BIT_EQUAL_RUNS ?? 300);

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

/** Every counter in Redis, in the form of the memory store's dump. */
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
      // With several layers, the newest is stored first.
      const inOrder = form === 2 ? [...marks.slice(1), ...marks.slice(0, 1)] : marks;
      found.set(`${subject}/${id}`, [a, b, t, ...inOrder.flat()]);
      at += head + count * (form === 3 ? 16 : 20);
    }
  }
  return found;
}

/** Many calls at once on one subject, ended in any order: buckets stack layers, windows fill, and both are thinned. */
test("bit-equal with hundreds of calls at once", { timeout: 120_000 }, async () => {
  const subject = "t:acme:tenant";
  const shape = {
    subject,
    observe: false,
    isPart: false,
    isKept: false,
    credit: 0,
    capacity: 100_000,
    refill: 20_000,
    periodMs: 60_000,
  };
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
          isPart: false,
          isKept: false,
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
