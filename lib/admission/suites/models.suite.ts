import { expect, test } from "vitest";
import { DAY_MS } from "@/lib/clock";
import fc from "@/lib/fuzz/properties.suite";
import { afterAdmission } from "@/lib/limits/after";
import { type CheckState, failing } from "@/lib/limits/decide";
import type { AppliedLimit } from "@/lib/limits/plan";
import { type Amounts, NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { LAYERS } from "@/lib/limits/rules/layers";
import { ALGORITHMS, type Rule } from "@/lib/limits/rules/rule";
import { NEVER } from "@/lib/limits/slot";
import type { Admission } from "../admission";
import { START, setUp, TENANT } from "./fixture.suite";

/** A model per algorithm that keeps every call. It shares nothing with the engine. */
type Call = { readonly at: number; readonly held: number; used: number | null; endedAt: number };
type Model = (rule: Rule, calls: readonly Call[], cost: number, now: number) => "fits" | "over" | "either";

const ROUNDING = 1e-6;
/** Longer waits are skipped: the day of the calendar windows must not end twice. */
const WAIT_MAX_MS = 200_000;
const known = ({ used, held }: Call) => used ?? held;
const sumOf = (calls: readonly Call[]) => calls.reduce((sum, call) => sum + known(call), 0);
const verdict = (over: number) => (over > ROUNDING ? "over" : over < -ROUNDING ? "fits" : "either");

/** The most by which any interval that ends now exceeds what leaked in it. */
function pressure({ refill, periodMs }: Rule, calls: readonly Call[], now: number): number {
  let [sum, most] = [0, Number.NEGATIVE_INFINITY];
  for (const call of [...calls].reverse()) {
    sum += known(call);
    most = Math.max(most, sum - ((now - call.at) * refill) / periodMs);
  }
  return most;
}

/** Overruns of calls from earlier windows count where they were settled. */
const inWindow: Model = ({ capacity, periodMs, bounds }, calls, cost, now) => {
  const startOf = (at: number) => {
    if (bounds === null) return Math.floor(at / periodMs) * periodMs;
    return at < bounds.endMs ? bounds.startMs : bounds.endMs;
  };
  const start = startOf(now);
  const own = sumOf(calls.filter(({ at }) => startOf(at) === start));
  const late = calls.filter(
    ({ at, used, endedAt }) => startOf(at) < start && used !== null && startOf(endedAt) === start,
  );
  return own + late.reduce((sum, call) => sum + Math.max(0, known(call) - call.held), 0) + cost <= capacity
    ? "fits"
    : "over";
};

const MODELS: Readonly<Record<Rule["algorithm"], Model>> = {
  token_bucket: (rule, calls, cost, now) =>
    cost > rule.capacity ? "over" : verdict(cost + Math.max(0, pressure(rule, calls, now)) - rule.capacity),
  leaky_bucket: (rule, calls, cost, now) => (cost > rule.capacity ? "over" : verdict(pressure(rule, calls, now))),
  sliding_window: ({ capacity, periodMs }, calls, cost, now) => {
    const total = sumOf(calls.filter(({ at }) => at + periodMs > now)) + cost;
    if (total > capacity) return "over";
    return capacity < 128 || total <= capacity - capacity / 64 ? "fits" : "either";
  },
  fixed_window: inWindow,
  calendar_window: inWindow,
  concurrency: ({ capacity }, calls, cost) =>
    calls.filter(({ used }) => used === null).length + cost <= capacity ? "fits" : "over",
};

const shape = fc.record({
  algorithm: fc.constantFrom(...ALGORITHMS),
  dimension: fc.constantFrom("requests" as const, "total_tokens" as const, "cost_micro_usd" as const),
  capacity: fc.oneof(
    { weight: 1, arbitrary: fc.constant(0) },
    { weight: 15, arbitrary: fc.constantFrom(2, 5, 100, 128, 900) },
  ),
  refill: fc.integer({ min: 1, max: 900 }),
  periodMs: fc.constantFrom(1000, 5000, 60_000),
});
const step = fc.record({
  gapMs: fc.oneof(fc.constant(0), fc.nat({ max: 300 }), fc.nat({ max: 4000 }), fc.nat({ max: 70_000 })),
  ends: fc.constantFrom(false, false, true),
  which: fc.nat({ max: 30 }),
  cost: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 120 })),
  /** part of the reservation that is used; 0 = the call was never sent */
  share: fc.oneof(fc.constant(0), fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
});

function limitsOf(shapes: readonly (typeof shape extends fc.Arbitrary<infer T> ? T : never)[]): AppliedLimit[] {
  const startMs = Math.floor(START / DAY_MS) * DAY_MS;
  return shapes.map(({ algorithm, dimension, capacity, refill, periodMs }, index) => {
    const isLease = algorithm === "concurrency";
    const name = `l${index}`;
    return {
      limitId: name,
      layer: LAYERS[index] ?? "tag",
      dimension: isLease ? "concurrency" : dimension,
      subject: `t:${TENANT}:${index % 3}`,
      slotId: name,
      counter: `t:${TENANT}:${index % 3}#${name}`,
      observe: false,
      rule: {
        algorithm,
        capacity,
        refill: algorithm === "token_bucket" ? refill : Math.max(1, capacity),
        periodMs,
        credit: 0,
        bounds:
          algorithm === "calendar_window"
            ? { startMs, endMs: startMs + DAY_MS, nextEndMs: startMs + 2 * DAY_MS }
            : null,
      },
    };
  });
}

type Running = { readonly id: string; readonly held: Amounts; readonly calls: readonly Call[] };

/**
 * Random limits over several layers, calls, ends and pauses. Compares with the models: who is admitted, which limits a
 * refusal names and in which order, its wait, and what an admitted call sees left. Not for implementations that forget by
 * their own clock: short windows would be over before the history is. Those are compared bit by bit with the in-process one.
 */
export function modelsSuite(name: string, make: (clock: { now(): number }) => Promise<Admission>, runs: number): void {
  test(`${name}: decides as a model of each algorithm that knows every call`, { timeout: 120_000 }, async () => {
    const history = fc.array(step, { minLength: 10, maxLength: 50 });
    await fc.assert(
      fc.asyncProperty(fc.array(shape, { minLength: 1, maxLength: 6 }), history, async (shapes, steps) => {
        const { clock, store, admit, tell } = await setUp(make);
        const limits = limitsOf(shapes);
        const logs = limits.map((): Call[] => []);
        const running: Running[] = [];
        for (const [index, { gapMs, ends, which, cost, share }] of steps.entries()) {
          clock.at += gapMs;
          const ended = ends ? running.splice(which % Math.max(1, running.length), 1)[0] : undefined;
          if (ended !== undefined) {
            await end(store, ended, share, limits, clock.at);
            continue;
          }
          const held = { ...NO_AMOUNTS, requests: 1, total_tokens: cost, cost_micro_usd: 3 * cost, concurrency: 1 };
          const judged = limits.map(({ rule, dimension }, at) =>
            MODELS[rule.algorithm](rule, logs[at] ?? [], held[dimension], clock.at),
          );
          const reply = await admit(limits, held, `r${index}`, { caller: `c${index}`, leaseMs: 1e9 });
          if (reply.kind === "admit") {
            expect(judged).not.toContain("over");
            expectLeft(reply.states, await tell(limits), clock.at);
            running.push(begun(`r${index}`, held, limits, logs, clock.at));
            continue;
          }
          if (reply.kind !== "deny") throw new Error(reply.kind);
          expectNamed(reply.states, judged, limits);
          const neverFits = limits.some(({ rule, dimension }) => held[dimension] > rule.capacity);
          expect(reply.retryAfterMs === NEVER).toBe(neverFits);
          const isLease = failing(reply.states).some(({ check }) => check.dimension === "concurrency");
          if (neverFits || isLease || reply.retryAfterMs > WAIT_MAX_MS) continue;
          const at = clock.at + reply.retryAfterMs;
          clock.at = at - 1;
          if (reply.retryAfterMs > 1)
            expect(await admit(limits, held, `e${index}`, { caller: `e${index}` })).toMatchObject({ kind: "deny" });
          clock.at = at;
          expect(await admit(limits, held, `l${index}`, { leaseMs: 1e9 })).toMatchObject({ kind: "admit" });
          running.push(begun(`l${index}`, held, limits, logs, clock.at));
        }
      }),
      { numRuns: runs },
    );
  });
}

function begun(
  id: string,
  held: Amounts,
  limits: readonly AppliedLimit[],
  logs: readonly Call[][],
  at: number,
): Running {
  const calls = limits.map(({ dimension }): Call => ({ at, held: held[dimension], used: null, endedAt: 0 }));
  for (const [index, call] of calls.entries()) logs[index]?.push(call);
  return { id, held, calls };
}

/** A call ends: it used a share of what it reserved, or was never sent. */
async function end(
  store: Admission,
  { id, held, calls }: Running,
  share: number,
  limits: readonly AppliedLimit[],
  now: number,
): Promise<void> {
  const part = (units: number) => Math.floor(units * share);
  const sent = { ...held, total_tokens: part(held.total_tokens), cost_micro_usd: part(held.cost_micro_usd) };
  const actual = share === 0 ? NO_AMOUNTS : sent;
  expect(await store.settle({ tenantId: TENANT, requestId: id, actual })).toBe("settled");
  for (const [index, call] of calls.entries()) {
    call.used = actual[limits[index]?.dimension ?? "requests"];
    call.endedAt = now;
  }
}

/** Every limit that refuses and no other, in layer order. A bucket of requests may give back less than the model does. */
function expectNamed(
  states: readonly CheckState[],
  judged: readonly ReturnType<Model>[],
  limits: readonly AppliedLimit[],
): void {
  const named = failing(states).map(({ check }) => check.limitId);
  expect(named.length).toBeGreaterThan(0);
  expect(named).toEqual([...named].sort());
  for (const [index, { limitId, dimension, rule }] of limits.entries()) {
    if (judged[index] === "over") expect(named).toContain(limitId);
    const isLoose = dimension === "requests" && rule.algorithm === "token_bucket";
    if (judged[index] === "fits" && !isLoose) expect(named).not.toContain(limitId);
  }
}

/** Compares what an admitted call's answer says is left with the store. */
function expectLeft(states: readonly CheckState[], seen: readonly CheckState[], now: number): void {
  for (const [index, state] of states.entries()) {
    const { remaining } = afterAdmission(state, now);
    const less = (seen[index]?.remaining ?? 0) - remaining;
    // Levels are rounded up to a millionth of a unit.
    const isNearWhole = state.level % 1 > 0 && state.level % 1 < 2e-6;
    expect(less).toBeGreaterThanOrEqual(0);
    expect(less).toBeLessThanOrEqual(isNearWhole ? 1 : 0);
  }
}
