import { slotAlgorithm } from "./algorithms/registry";
import type { Amounts, Dimension } from "./dimensions";
import type { Check } from "./plan";
import type { Rule } from "./rule";
import type { Slot } from "./slot";

/** What one admitted call holds of one counter until it is settled. */
export type Hold = {
  readonly counter: string;
  readonly dimension: Dimension;
  readonly rule: Rule;
  readonly reserved: number;
  /** Start of the window that store time was in at the reservation; decides where a refund goes. */
  readonly window: number;
};

/** Takes a check's cost from its counter. Returns the slot to store and the hold to settle later. */
export function reserve(check: Check, stored: Slot | undefined, now: number): { slot: Slot; hold: Hold } {
  const algorithm = slotAlgorithm(check.rule.algorithm);
  const slot = algorithm.take(algorithm.advance(check.rule, stored, now), check.cost);
  const { counter, dimension, rule, cost } = check;
  const window = algorithm.advance(check.rule, undefined, now).t;
  return { slot, hold: { counter, dimension, rule, reserved: cost, window } };
}

/**
 * Replaces a hold by what was really used: a refund when less, a charge beyond the capacity (debt) when more.
 * A refund whose window is over is dropped. Null when nothing changes.
 */
export function settleHold(hold: Hold, actual: Amounts, stored: Slot | undefined, now: number): Slot | null {
  const delta = actual[hold.dimension] - hold.reserved;
  if (delta === 0) return null;
  const algorithm = slotAlgorithm(hold.rule.algorithm);
  return algorithm.correct(hold.rule, algorithm.advance(hold.rule, stored, now), delta, hold.window);
}

/**
 * The counter lifted to what is known to be used of it in its window and, when that counts as well, the one before. Null
 * when it stands there already; with "set" it is put there, up or down.
 */
export function raised(
  rule: Rule,
  stored: Slot | undefined,
  known: { readonly used: number; readonly usedBefore: number; readonly how?: "set" | undefined },
  now: number,
): Slot | null {
  const slot = slotAlgorithm(rule.algorithm).advance(rule, stored, now);
  const before = rule.algorithm === "sliding_window" ? known.usedBefore : 0;
  if (known.how === "set") return { a: known.used, b: before, t: slot.t };
  if (slot.a >= known.used && slot.b >= before) return null;
  return { a: Math.max(slot.a, known.used), b: Math.max(slot.b, before), t: slot.t };
}
