import { expect, test } from "vitest";
import fc from "@/lib/fuzz/properties.suite";
import { type AppliedLimit, plan } from "@/lib/limits/plan";
import { type Amounts, NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { NEVER } from "@/lib/limits/slot";
import type { AdmitReply, AdmitRequest } from "./admission";
import { MemoryAdmission } from "./memory/memory";
import { STORM_RULES, StormRefusals } from "./storm-refusals";
import { LEASE_MS, limit, REST, START, tokens } from "./suites/fixture.suite";

/** A store that counts how often it is asked, behind the memory of storms; both on one clock that the test moves. */
function setUp(perSecond?: number) {
  const clock = { at: START };
  const asked: AdmitRequest[] = [];
  const inner = new MemoryAdmission({ now: () => clock.at });
  const admit = inner.admit.bind(inner);
  const behind = Object.assign(inner, {
    admit: (request: AdmitRequest) => {
      asked.push(request);
      return admit(request);
    },
  });
  const store = new StormRefusals(behind, () => clock.at - START, perSecond);
  let serial = 0;
  const call = (limits: readonly AppliedLimit[], cost: number | Amounts, more: Partial<AdmitRequest> = {}) =>
    store.admit(requestOf(limits, cost, { requestId: `r${serial++}`, ...more }));
  /** What the store itself says now, without a trace. */
  const truth = (limits: readonly AppliedLimit[], cost: number) =>
    admit(requestOf(limits, cost, { requestId: `t${serial++}`, isProbe: true }));
  return { clock, asked, store, call, truth };
}

function requestOf(limits: readonly AppliedLimit[], cost: number | Amounts, more: Partial<AdmitRequest>): AdmitRequest {
  const plans = [plan({ candidate: "c", limits, amounts: typeof cost === "number" ? tokens(cost) : cost })];
  return { requestId: "", plans, ...REST, leaseMs: LEASE_MS, ...more };
}

function waits(reply: AdmitReply): number {
  return reply.kind === "deny" ? reply.retryAfterMs : 0;
}

const SLOW = limit("tenant", 1, { refill: 1 });

/** Uses the limit up, and is refused until it is a storm. Returns how often the store was asked. */
async function storm({ call, asked }: ReturnType<typeof setUp>, limits: readonly AppliedLimit[] = [SLOW]) {
  await call(limits, 1);
  for (let refused = 0; refused < STORM_RULES.perSecond; refused++) await call(limits, 1);
  return asked.length;
}

test("a storm asks the store about once a second, and every refusal tells the true wait", async () => {
  const all = setUp();
  const { clock, call, asked, truth } = all;
  const before = await storm(all);
  for (let ms = 0; ms < 10_000; ms += 5) {
    clock.at += 5;
    const reply = await call([SLOW], 1);
    expect(reply.kind).toBe("deny");
    expect(waits(reply)).toBe(waits(await truth([SLOW], 1)));
  }
  expect(asked.length - before).toBeLessThanOrEqual(11);
});

test("callers that come less often are always checked", async () => {
  const { clock, call, asked } = setUp();
  await call([SLOW], 1);
  for (let refused = 0; refused < 200; refused++) {
    clock.at += 1000 / (STORM_RULES.perSecond - 1);
    expect((await call([SLOW], 1)).kind).toBe("deny");
  }
  expect(asked).toHaveLength(201);
});

test("in a storm, what fits is still admitted: a smaller call, another counter, and the first after the wait", async () => {
  const all = setUp();
  const { clock, call } = all;
  const wide = limit("tenant", 10, { refill: 10 });
  await call([wide], 8);
  for (let refused = 0; refused <= STORM_RULES.perSecond; refused++) expect((await call([wide], 9)).kind).toBe("deny");
  expect((await call([wide], 1)).kind).toBe("admit");
  expect((await call([limit("tenant", 10, { subject: "other" })], 9)).kind).toBe("admit");

  const second = setUp();
  await storm(second);
  second.clock.at += waits(await second.call([SLOW], 1));
  expect((await second.call([SLOW], 1)).kind).toBe("admit");
  clock.at += 1;
});

test("another policy, a brake, and counters that people move end what was remembered", async () => {
  const [changed, braked, moved] = [setUp(), setUp(), setUp()];
  const before = await storm(changed);
  await changed.call([SLOW], 1, { policyVersion: 2 });
  expect(changed.asked).toHaveLength(before + 1);
  await storm(braked);
  expect((await braked.call([SLOW], 1, { brake: { id: "b", expiresAtMs: null } })).kind).toBe("braked");
  await storm(moved);
  await moved.store.raise([{ limit: SLOW, used: 0, usedBefore: 0 }], "set");
  expect((await moved.call([SLOW], 1)).kind).toBe("admit");
});

test("what a settlement gives back is there for the storm's next call", async () => {
  const all = setUp();
  const { call, store } = all;
  const wide = limit("tenant", 10, { refill: 10 });
  expect((await call([wide], 10, { requestId: "large" })).kind).toBe("admit");
  for (let refused = 0; refused <= STORM_RULES.perSecond; refused++) expect((await call([wide], 4)).kind).toBe("deny");
  await store.settle({ tenantId: REST.tenantId, requestId: "large", actual: tokens(1) });
  expect((await call([wide], 4)).kind).toBe("admit");
});

test("an override that ends by itself is seen by the next call", async () => {
  const all = setUp();
  await storm(all);
  const { rule, ...rest } = SLOW;
  expect((await all.call([{ ...rest, rule: { ...rule, capacity: 5 } }], 1)).kind).toBe("admit");
});

test("limits of concurrent calls and waits under a second are asked for each time", async () => {
  const [slots, fast] = [limit("tenant", 1, { algorithm: "concurrency" }), limit("tenant", 600)];
  for (const [one, amounts] of [
    [slots, { ...NO_AMOUNTS, concurrency: 1 }],
    [fast, tokens(600)],
  ] as const) {
    const { call, asked } = setUp();
    await call([one], amounts);
    const more = one === fast ? tokens(9) : amounts;
    for (let calls = 0; calls < 100; calls++) expect((await call([one], more)).kind).toBe("deny");
    expect(asked).toHaveLength(101);
  }
});

test("another caller in the same storm gets the true wait, without the first one's strikes", async () => {
  const all = setUp();
  const { clock, call } = all;
  await storm(all);
  for (let early = 0; early < 5; early++) {
    clock.at += 200;
    await call([SLOW], 1);
  }
  clock.at += 1001;
  for (let refused = 0; refused < STORM_RULES.perSecond * 2; refused++) await call([SLOW], 1);
  const [own, other] = [await call([SLOW], 1), await call([SLOW], 1, { caller: "another" })];
  if (own.kind !== "deny" || other.kind !== "deny") throw new Error("both are refused");
  expect(own.toldMs).toBeGreaterThan(own.retryAfterMs);
  expect(other.toldMs).toBe(other.retryAfterMs);
});

const scene = fc.record({
  limits: fc.array(
    fc.record({
      algorithm: fc.constantFrom("token_bucket", "leaky_bucket", "sliding_window", "fixed_window"),
      capacity: fc.integer({ min: 1, max: 500 }),
      refill: fc.integer({ min: 1, max: 500 }),
    }),
    { minLength: 1, maxLength: 3 },
  ),
  steps: fc.array(fc.record({ pause: fc.constantFrom(0, 1, 7, 50, 400), cost: fc.integer({ min: 1, max: 60 }) }), {
    minLength: 60,
    maxLength: 150,
  }),
});

test("without refunds, a remembered refusal is what the store would say: the same limits, and the same wait", async () => {
  let remembered = 0;
  await fc.assert(
    fc.asyncProperty(scene, async ({ limits, steps }) => {
      const { clock, call, asked, truth } = setUp(3);
      const applied = limits.map(({ algorithm, capacity, refill }, at) =>
        limit("tenant", capacity, { algorithm, refill, subject: `s${at}` }),
      );
      for (const { pause, cost } of steps) {
        clock.at += pause;
        for (const again of [cost, cost, cost + 1]) {
          const before = asked.length;
          const reply = await call(applied, again);
          if (asked.length > before) continue;
          remembered += 1;
          const wanted = await truth(applied, again);
          expect(wanted.kind).toBe("deny");
          if (waits(wanted) === NEVER) expect(waits(reply)).toBe(NEVER);
          else expect(Math.abs(waits(reply) - waits(wanted))).toBeLessThanOrEqual(1);
        }
      }
    }),
    { numRuns: 200 },
  );
  expect(remembered).toBeGreaterThan(1000);
});
