import { DAY_MS } from "@/lib/clock";
import fc from "@/lib/fuzz/properties.suite";
import { type AppliedLimit, type Plan, plan } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import type { AlgorithmName } from "@/lib/limits/rules/rule";
import type { Admission } from "../admission";

export const EPOCH = 1_795_000_000_000;
export const TENANT = "acme";
export const LEASE_MS = 15_000;

export const SHAPES: readonly AlgorithmName[] = [
  "token_bucket",
  "leaky_bucket",
  "sliding_window",
  "fixed_window",
  "calendar_window",
  "concurrency",
];

export const SUBJECTS: readonly string[] = ["t:acme:tenant", "t:acme:user:u1", "t:acme:key:k1", "global"];
export const NAMES: readonly string[] = ["a", "b", "c"];

export const limitShape = fc.record({
  algorithm: fc.constantFrom(...SHAPES),
  subject: fc.constantFrom(...SUBJECTS),
  name: fc.constantFrom(...NAMES),
  capacity: fc.integer({ min: 1, max: 120 }),
  refill: fc.integer({ min: 1, max: 60 }),
  periodMs: fc.constantFrom<number>(1000, 7919, 60_000),
  credit: fc.constantFrom<number>(0, 0, 7),
  observe: fc.constantFrom(false, false, false, true),
  isPart: fc.constantFrom(false, false, true),
  isKept: fc.constantFrom(false, false, true),
});
export type LimitShape = typeof limitShape extends fc.Arbitrary<infer Shape> ? Shape : never;

export const amounts = fc.record({
  requests: fc.integer({ min: 0, max: 12 }),
  tokens: fc.integer({ min: 0, max: 40 }),
});

export const step = fc.oneof(
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

/** Distinct limits by subject and slot; dimensions depend only on the name. */
export function limitsOf(shapes: readonly LimitShape[], now: number): AppliedLimit[] {
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
        ...(shape.isPart ? { isPart: true as const } : {}),
        ...(shape.isKept ? { isKept: true as const } : {}),
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

export async function play(store: Admission, clock: { at: number }, world: World, one: Step): Promise<unknown> {
  // The bounds of a caller that lags up to a day behind the store.
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
        // Some settle under a policy that has changed by itself.
        policyUntilMs: one.id % 4 === 1 ? EPOCH + 60_000 : null,
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

/** The plans that both stores get: the limits in force, or the plans as a repeated call was first sent. */
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

export type World = { current: readonly LimitShape[]; readonly sent: Map<number, readonly Plan[]> };
