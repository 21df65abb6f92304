import { describe, expect, test } from "vitest";
import fc from "@/lib/fuzz/properties.suite";
import { slotAlgorithm } from "./algorithms/registry";
import { reserve, settleHold } from "./charge";
import type { Check } from "./plan";
import { NO_AMOUNTS } from "./rules/dimensions";
import type { AlgorithmName, Rule } from "./rules/rule";
import { NEVER, type Slot } from "./slot";
import { waitMs } from "./wait";

const EPOCH = 1_795_000_000_000;
const DAY_MS = 86_400_000;

const SLOT_NAMES: readonly AlgorithmName[] = [
  "token_bucket",
  "leaky_bucket",
  "sliding_window",
  "fixed_window",
  "calendar_window",
];

const anyRule: fc.Arbitrary<Rule> = fc
  .record({
    algorithm: fc.constantFrom(...SLOT_NAMES),
    capacity: fc.integer({ min: 1, max: 1_000_000 }),
    refill: fc.integer({ min: 1, max: 1_000_000 }),
    periodMs: fc.constantFrom(1_000, 7_919, 60_000, 3_600_000),
    credit: fc.constantFrom(0, 0, 1, 5_000),
  })
  .map((shape) => ruleOf({ ...shape, credit: shape.algorithm === "token_bucket" ? shape.credit : 0 }));

function ruleOf(shape: Pick<Rule, "algorithm" | "capacity" | "refill" | "periodMs"> & { credit?: number }): Rule {
  const startMs = Math.floor(EPOCH / DAY_MS) * DAY_MS;
  const bounds =
    shape.algorithm === "calendar_window"
      ? { startMs, endMs: startMs + DAY_MS, nextEndMs: startMs + 2 * DAY_MS }
      : null;
  const refill = shape.algorithm === "token_bucket" ? shape.refill : shape.capacity;
  return { credit: 0, ...shape, refill, bounds };
}

function checkOf(rule: Rule, cost: number): Check {
  return {
    limitId: "l",
    layer: "tenant",
    dimension: "total_tokens",
    subject: "s",
    slotId: "x",
    counter: "s#x",
    rule,
    cost,
    observe: false,
  };
}

/** Plays calls against one counter; returns the admitted ones with their times. */
function play(rule: Rule, steps: readonly { gapMs: number; share: number }[]) {
  let slot: Slot | undefined;
  let now = EPOCH;
  const admitted: { at: number; cost: number }[] = [];
  for (const step of steps) {
    now += step.gapMs;
    const cost = Math.max(1, Math.floor(step.share * rule.capacity));
    const algorithm = slotAlgorithm(rule.algorithm);
    if (!algorithm.fits(rule, algorithm.level(rule, slot, now), cost)) continue;
    slot = reserve(checkOf(rule, cost), slot, now).slot;
    admitted.push({ at: now, cost });
  }
  return { slot, now, admitted };
}

const steps = fc.array(
  fc.record({ gapMs: fc.integer({ min: 0, max: 90_000 }), share: fc.double({ min: 0, max: 0.9, noNaN: true }) }),
  { minLength: 1, maxLength: 60 },
);

/** The stated worst case of an algorithm for units admitted in any interval of `t` ms. */
function worstCase(rule: Rule, t: number, largest: number): number {
  switch (rule.algorithm) {
    case "token_bucket":
      return rule.capacity + rule.credit + (rule.refill * t) / rule.periodMs;
    case "leaky_bucket":
      return largest + (rule.capacity * t) / rule.periodMs;
    case "sliding_window":
      return rule.capacity * (Math.floor(t / rule.periodMs) + 1);
    default: {
      const windows = rule.algorithm === "calendar_window" ? DAY_MS : rule.periodMs;
      return rule.capacity * (Math.floor(t / windows) + 2);
    }
  }
}

describe("every algorithm", () => {
  test("never over-admits: units in any interval stay within burst + rate * T", () => {
    fc.assert(
      fc.property(anyRule, steps, (rule, history) => {
        const { admitted } = play(rule, history);
        for (let from = 0; from < admitted.length; from++) {
          let sum = 0;
          let largest = 0;
          for (const call of admitted.slice(from)) {
            sum += call.cost;
            largest = Math.max(largest, call.cost);
            const t = call.at - (admitted[from]?.at ?? 0);
            expect(sum).toBeLessThanOrEqual(worstCase(rule, t, largest) * (1 + 1e-12) + 1e-6);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  test("retry-after is minimal and sufficient, also when the clock stepped back", () => {
    fc.assert(
      fc.property(
        anyRule,
        steps,
        fc.double({ min: 0, max: 1.2, noNaN: true }),
        fc.integer({ min: -200_000, max: 200_000 }),
        (rule, history, share, clockStep) => {
          const { slot, now: end } = play(rule, history);
          const now = end + clockStep;
          const algorithm = slotAlgorithm(rule.algorithm);
          const cost = Math.max(1, Math.floor(share * rule.capacity));
          const wait = waitMs({ algorithm, rule, stored: slot, cost, now });
          const fitsAt = (at: number) => algorithm.fits(rule, algorithm.level(rule, slot, at), cost);
          if (cost > rule.capacity + rule.credit) {
            expect(wait).toBe(NEVER);
            return;
          }
          expect(fitsAt(now + wait)).toBe(true);
          if (wait > 0) expect(fitsAt(now + wait - 1)).toBe(false);
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("a clock that steps back gives nothing away", () => {
    fc.assert(
      fc.property(anyRule, steps, fc.integer({ min: 1, max: 10_000_000 }), (rule, history, back) => {
        const { slot, now } = play(rule, history);
        if (slot === undefined) return;
        const algorithm = slotAlgorithm(rule.algorithm);
        const before = algorithm.level(rule, slot, now);
        const after = algorithm.level(rule, slot, now - back);
        expect(after).toBeGreaterThanOrEqual(before);
      }),
      { numRuns: 500 },
    );
  });

  test("settling exactly what was reserved moves no level", () => {
    fc.assert(
      fc.property(anyRule, steps, fc.integer({ min: 1, max: 1000 }), (rule, history, cost) => {
        const { slot, now } = play(rule, history);
        const held = reserve(checkOf(rule, cost), slot, now);
        const settled = settleHold(held.hold, { ...NO_AMOUNTS, total_tokens: cost }, held.slot, now) ?? held.slot;
        expect(settled.a).toBe(held.slot.a);
      }),
    );
  });

  test("a refund gives back at most what was reserved and an overrun is kept as debt", () => {
    fc.assert(
      fc.property(
        anyRule,
        steps,
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 0, max: 5000 }),
        (rule, history, cost, actual) => {
          const { slot, now } = play(rule, history);
          const algorithm = slotAlgorithm(rule.algorithm);
          const before = algorithm.level(rule, slot, now);
          const held = reserve(checkOf(rule, cost), slot, now);
          const settled = settleHold(held.hold, { ...NO_AMOUNTS, total_tokens: actual }, held.slot, now) ?? held.slot;
          expect(settled.a).toBeCloseTo(before + actual, 3);
        },
      ),
    );
  });
});

describe("windows", () => {
  const day = ruleOf({ algorithm: "calendar_window", capacity: 100, refill: 1, periodMs: DAY_MS });
  const nextDay = (day.bounds?.endMs ?? 0) + 5;

  test("a refund for yesterday is dropped, an overrun is charged to today", () => {
    const held = reserve(checkOf(day, 60), undefined, EPOCH);
    expect(settleHold(held.hold, { ...NO_AMOUNTS, total_tokens: 10 }, held.slot, nextDay)?.a).toBe(0);
    expect(settleHold(held.hold, { ...NO_AMOUNTS, total_tokens: 70 }, held.slot, nextDay)?.a).toBe(10);
  });
});

test("burst credit grows only below the sustained rate, is capped, and is spent last", () => {
  const rule = ruleOf({ algorithm: "token_bucket", capacity: 10, refill: 60, periodMs: 60_000, credit: 5 });
  const bucket = slotAlgorithm("token_bucket");
  const levelAt = (slot: Slot | undefined, at: number) => bucket.level(rule, slot, at);
  expect(levelAt(undefined, EPOCH)).toBe(0);
  let slot = reserve(checkOf(rule, 10), undefined, EPOCH).slot;
  // One unit per second comes back: at the sustained rate no credit is saved.
  for (let second = 1; second <= 30; second++) slot = reserve(checkOf(rule, 1), slot, EPOCH + second * 1000).slot;
  expect(levelAt(slot, EPOCH + 30_000)).toBe(10);
  expect(levelAt(slot, EPOCH + 43_000)).toBe(-3);
  expect(levelAt(slot, EPOCH + 900_000)).toBe(-5);
  const fits = (cost: number) => waitMs({ algorithm: bucket, rule, stored: slot, cost, now: EPOCH + 900_000 });
  expect([fits(15), fits(16)]).toEqual([0, NEVER]);
});

describe("the published table of throttled and redis-cell: limit 5, 1 per second", () => {
  const rule = ruleOf({ algorithm: "token_bucket", capacity: 5, refill: 1, periodMs: 1000 });
  const bucket = slotAlgorithm("token_bucket");
  const remainingAt = (slot: Slot | undefined, at: number) => Math.floor(rule.capacity - bucket.level(rule, slot, at));

  test("volume 6 never fits, five hits pass, the sixth waits one second, then it refills at one a second", () => {
    expect(waitMs({ algorithm: bucket, rule, stored: undefined, cost: 6, now: EPOCH })).toBe(NEVER);
    let slot: Slot | undefined;
    for (const left of [4, 3, 2, 1, 0]) {
      slot = reserve(checkOf(rule, 1), slot, EPOCH).slot;
      expect(remainingAt(slot, EPOCH)).toBe(left);
    }
    expect(waitMs({ algorithm: bucket, rule, stored: slot, cost: 1, now: EPOCH })).toBe(1000);
    expect(waitMs({ algorithm: bucket, rule, stored: slot, cost: 5, now: EPOCH })).toBe(5000);
    expect(remainingAt(slot, EPOCH + 3000)).toBe(3);
    expect(remainingAt(slot, EPOCH + 60_000)).toBe(5);
  });
});
