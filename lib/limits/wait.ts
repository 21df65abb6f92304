import type { Algorithm } from "./algorithms/algorithm";
import type { Rule } from "./rules/rule";
import { KEPT_MAX_MS, NEVER, type Slot } from "./slot";

/**
 * Milliseconds until `cost` fits if nobody else came: 0 when it fits now, NEVER when it is above the capacity plus the
 * credit that may be saved up. Minimal and sufficient to the millisecond: double arithmetic can put the closed form one
 * or two milliseconds off, so the search goes from that guess to the true edge. It starts from the stored slot, because
 * a refusal stores nothing and the retry is computed from that same slot.
 */
export function waitMs(input: {
  algorithm: Algorithm;
  rule: Rule;
  stored: Slot | undefined;
  cost: number;
  now: number;
  isObserved?: boolean;
}): number {
  const { algorithm, rule, stored, cost, now, isObserved } = input;
  // A refusal stores nothing, so a subject that was never seen saves up no credit however long it waits.
  const credit = stored === undefined ? 0 : rule.credit;
  if (cost > rule.capacity + credit) return NEVER;
  const fitsAt = (at: number) => algorithm.fits(rule, algorithm.level(rule, stored, at, isObserved), cost);
  if (fitsAt(now)) return 0;
  const level = algorithm.level(rule, stored, now, isObserved);
  let wait = Math.max(1, algorithm.guessWaitMs(rule, stored, { level, cost, now }));
  for (let step = 0; step < EDGE_STEPS && !fitsAt(now + wait); step++) wait += 1;
  for (let step = 0; step < EDGE_STEPS && wait > 1 && fitsAt(now + wait - 1); step++) wait -= 1;
  return Math.min(wait, KEPT_MAX_MS);
}

/** Rounding puts the guess off by at most 2 ms for integers below 9e15; 8 leaves room and bounds the loop. */
const EDGE_STEPS = 8;
