import { expect, test } from "vitest";
import type { AdmitReply } from "@/lib/admission/admission";
import { MemoryAdmission } from "@/lib/admission/memory/memory";
import fc from "@/lib/fuzz/properties.suite";
import { amountsOf } from "@/lib/limits/cost";
import type { Offer, Way } from "@/lib/limits/ladder/fitting";
import { type AppliedLimit, plan } from "@/lib/limits/plan";
import { fitted } from "./fitted";

const START = 1_795_000_000_000;
const REST = { tenantId: "t", brake: null, policyVersion: 1, leaseMs: 600_000, intent: "" };

const limit = fc.record({
  dimension: fc.constantFrom(
    "requests",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "cost_micro_usd",
    "concurrency",
  ),
  algorithm: fc.constantFrom("token_bucket", "leaky_bucket", "sliding_window", "fixed_window"),
  capacity: fc.integer({ min: 1, max: 250 }),
  refill: fc.integer({ min: 1, max: 100 }),
  credit: fc.constantFrom(0, 0, 20),
  periodMs: fc.constantFrom(1000, 60_000),
  observe: fc.constantFrom(false, false, false, true),
  /** the way that has this limit for itself; 3 = all ways share it */
  own: fc.constantFrom(0, 1, 2, 3, 3, 3),
} as const);

const history = fc.array(
  fc.record({
    waitMs: fc.constantFrom(0, 1, 900, 30_000),
    input: fc.nat({ max: 30 }),
    output: fc.nat({ max: 40 }),
    used: fc.option(fc.nat({ max: 50 }), { nil: null }),
  }),
  { maxLength: 6 },
);

const shape = fc.record({
  input: fc.nat({ max: 40 }),
  permits: fc.constantFrom(1, 1, 4),
  most: fc.integer({ min: 1, max: 60 }),
  heldShare: fc.constantFrom(1, 1, 0.3),
  least: fc.integer({ min: 1, max: 60 }),
  choices: fc.integer({ min: 1, max: 3 }),
  prices: fc.array(
    fc.record({ input: fc.nat({ max: 3e6 }), output: fc.nat({ max: 4e6 }), fees: fc.nat({ max: 5e5 }) }),
    {
      minLength: 1,
      maxLength: 3,
    },
  ),
});

type Limits = readonly (typeof limit extends fc.Arbitrary<infer One> ? One : never)[];
type Shape = typeof shape extends fc.Arbitrary<infer One> ? One : never;
type Named = Way & { readonly name: number };

function applied(limits: Limits): (AppliedLimit & { own: number })[] {
  return limits.map(({ dimension, algorithm, capacity, refill, credit, periodMs, observe, own }, index) => {
    const isLease = dimension === "concurrency";
    const isBucket = algorithm === "token_bucket" && !isLease;
    return {
      limitId: `l${index}`,
      layer: "tenant",
      dimension,
      subject: `s${index}`,
      slotId: "x",
      counter: `s${index}#x`,
      observe,
      own,
      rule: {
        algorithm: isLease ? "concurrency" : algorithm,
        capacity: isLease ? Math.ceil(capacity / 50) : capacity,
        refill: isBucket ? refill : capacity,
        periodMs: isLease ? 0 : periodMs,
        credit: isBucket ? credit : 0,
        bounds: null,
      },
    } as const;
  });
}

function waysOf(
  { input, most, heldShare, least, choices, permits, prices }: Shape,
  limits: readonly (AppliedLimit & { own: number })[],
) {
  return prices.map(
    (price, name): Named => ({
      name,
      inputTokens: input,
      permits,
      choices,
      most,
      least: Math.min(least, most),
      price,
      limits: () => limits.filter(({ own }) => own === 3 || own === name),
      outputTokens: Math.ceil(most * choices * heldShare),
    }),
  );
}

function planOf({ way, each }: Offer<Named>) {
  const outputTokens = Math.min(way.outputTokens, each * way.choices);
  const amounts = amountsOf({ inputTokens: way.inputTokens, outputTokens, permits: way.permits }, way.price);
  return plan({ candidate: `${way.name}/${each}`, limits: way.limits(), amounts });
}

/** A store with a history. The same arguments give the same store. */
async function storeAfter(
  calls: typeof history extends fc.Arbitrary<infer One> ? One : never,
  limits: readonly AppliedLimit[],
) {
  const clock = { at: START };
  const store = new MemoryAdmission({ now: () => clock.at });
  for (const [index, { waitMs, input, output, used }] of calls.entries()) {
    clock.at += waitMs;
    const amounts = (outputTokens: number) =>
      amountsOf({ inputTokens: input, outputTokens, permits: 1 }, { input: 1e6, output: 1e6, fees: 0 });
    const plans = [plan({ candidate: "c", limits, amounts: amounts(output) })];
    await store.admit({ ...REST, requestId: `h${index}`, caller: "h", plans });
    if (used !== null) await store.settle({ tenantId: "t", requestId: `h${index}`, actual: amounts(used) });
  }
  return store;
}

/** The reference result: tries every output cap one by one, from the largest. */
async function bestByTrying(store: MemoryAdmission, ways: readonly Named[]): Promise<string | null> {
  for (const way of ways) {
    for (let each = way.most; each >= way.least; each--) {
      const offer = planOf({ way, each });
      const reply = await store.admit({
        ...REST,
        requestId: `try ${way.name} ${each}`,
        caller: "try",
        plans: [offer],
        isProbe: true,
      });
      if (reply.kind === "admit") return offer.candidate;
    }
  }
  return null;
}

/** Serves the call with the ladder; `between` runs after each answer. */
async function serve(store: MemoryAdmission, ways: readonly Named[], between = async (): Promise<void> => undefined) {
  const [first, ...rest] = ways;
  if (first === undefined) throw new Error("there is a way");
  let trips = 0;
  const answer = await fitted([first, ...rest], async (offers, isLast) => {
    trips += 1;
    const plans = offers.map(planOf);
    const decision: AdmitReply = await store.admit({
      ...REST,
      requestId: "served",
      caller: "c",
      plans,
      isProbe: !isLast,
    });
    await between();
    return { decision, plans };
  });
  const { decision, plans } = answer;
  const served = decision.kind === "admit" ? (plans[decision.planIndex]?.candidate ?? null) : null;
  return { kind: decision.kind, served, trips };
}

test("a call is served with the most output that fits now, by the first model that can; else it is refused", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(limit, { minLength: 1, maxLength: 6 }), history, shape, async (rows, calls, one) => {
      const limits = applied(rows);
      const ways = waysOf(one, limits);
      const truth = await bestByTrying(await storeAfter(calls, limits), ways);
      const { kind, served, trips } = await serve(await storeAfter(calls, limits), ways);
      expect(served).toBe(truth);
      expect(kind).toBe(truth === null ? "deny" : "admit");
      if (truth === `0/${one.most}`) expect(trips).toBe(1);
      else if (ways.length === 1) expect(trips).toBeLessThanOrEqual(2);
    }),
    { numRuns: 1000 },
  );
});

test("use by others meanwhile leads to a smaller output or a refusal, never below the minimum and never to a loop", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(limit, { minLength: 1, maxLength: 4 }),
      history,
      shape,
      fc.array(fc.nat({ max: 30 }), { minLength: 1, maxLength: 8 }),
      async (rows, calls, one, taken) => {
        const limits = applied(rows);
        const ways = waysOf(one, limits);
        const store = await storeAfter(calls, limits);
        let turn = 0;
        const others = async () => {
          const outputTokens = taken[turn % taken.length] ?? 0;
          turn += 1;
          const amounts = amountsOf({ inputTokens: 0, outputTokens, permits: 1 }, { input: 0, output: 1e6, fees: 0 });
          const plans = [plan({ candidate: "other", limits, amounts })];
          await store.admit({ ...REST, requestId: `other ${turn}`, caller: "other", plans });
        };
        const { served, trips } = await serve(store, ways, others);
        expect(trips).toBeLessThanOrEqual(ways.length + 3);
        if (served === null) return;
        const [name = 0, each = 0] = served.split("/").map(Number);
        expect(each).toBeGreaterThanOrEqual(Math.min(one.least, one.most));
        expect(each).toBeLessThanOrEqual(one.most);
        expect(ways[name]).toBeDefined();
      },
    ),
    { numRuns: 500 },
  );
});

test("16,000 tokens are asked, 985 fit: 985 are served, in the second request to the store", async () => {
  const [tokens] = applied([
    {
      dimension: "total_tokens",
      algorithm: "token_bucket",
      capacity: 1000,
      refill: 1,
      credit: 0,
      periodMs: 60_000,
      observe: false,
      own: 3,
    },
  ]);
  if (tokens === undefined) throw new Error("there is a limit");
  const price = { input: 1e6, output: 1e6, fees: 0 };
  const way = {
    inputTokens: 15,
    outputTokens: 16_000,
    most: 16_000,
    least: 50,
    choices: 1,
    permits: 1,
    price,
    limits: () => [tokens],
  };
  const served = await serve(new MemoryAdmission({ now: () => START }), [{ ...way, name: 0 }]);
  expect(served).toEqual({ kind: "admit", served: "0/985", trips: 2 });
});
