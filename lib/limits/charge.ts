import { chargedBy, isLayered, slotAlgorithm } from "./algorithms/registry";
import type { Check } from "./plan";
import type { Amounts, Dimension } from "./rules/dimensions";
import type { Rule } from "./rules/rule";
import { NO_MARKS, type Slot } from "./slot";

/** The reservation of one admitted call on one counter. */
export type Hold = {
  readonly counter: string;
  readonly dimension: Dimension;
  readonly rule: Rule;
  readonly reserved: number;
  /** Store time of the reservation, epoch ms; decides where a refund goes. */
  readonly reservedAt: number;
  /** as in `Check` */
  readonly isKept?: true | undefined;
};

/** Takes a check's cost from its counter. Returns the slot to store and the hold to settle later. */
export function reserve(check: Check, stored: Slot | undefined, now: number): { slot: Slot; hold: Hold } {
  const { counter, dimension, rule, cost, isKept } = check;
  const algorithm = chargedBy(rule.algorithm, dimension);
  const slot = algorithm.take(rule, algorithm.advance(rule, stored, now), cost);
  const hold = { counter, dimension, rule, reserved: cost, reservedAt: now };
  return { slot, hold: isKept === true ? { ...hold, isKept } : hold };
}

/** How far a settlement moves a counter that holds `reserved`. A kept hold moves down only for a call never sent. */
export function settledBy(
  { dimension, reserved, isKept }: Pick<Hold, "dimension" | "reserved" | "isKept">,
  actual: Amounts,
): number {
  const delta = actual[dimension] - reserved;
  return isKept === true && actual.requests > 0 ? Math.max(0, delta) : delta;
}

/**
 * Replaces a reservation by the real usage: a refund if it is less, a charge beyond the capacity (debt) if it is more.
 * A bucket with layers also records that the call is over. Null when nothing changes. `isChanged`: the limit may have
 * changed, so the next admission computes what has leaked since.
 */
export function settleHold(
  hold: Hold,
  actual: Amounts,
  stored: Slot | undefined,
  now: number,
  isChanged = false,
): Slot | null {
  const { rule, dimension, reservedAt } = hold;
  const delta = settledBy(hold, actual);
  if (delta === 0 && !isLayered(rule.algorithm, dimension)) return null;
  const algorithm = chargedBy(rule.algorithm, dimension);
  if (isChanged && stored !== undefined && isBucket(rule)) {
    return algorithm.correct({ ...rule, refill: REFILL_UNKNOWN }, stored, delta, reservedAt);
  }
  return algorithm.correct(rule, algorithm.advance(rule, stored, now), delta, reservedAt);
}

function isBucket({ algorithm }: Rule): boolean {
  return algorithm === "token_bucket" || algorithm === "leaky_bucket";
}

/** With an unknown pace, anything may have leaked in any time, and nothing in no time. */
export const REFILL_UNKNOWN = 1e300;

/**
 * Lifts the counter to what is known to be used in its window and, if that counts too, in the window before. Null when
 * it is there already; with "set" it moves up or down. Earlier use of a rolling window is known for its aligned window
 * only: it counts until the last moment at which it may.
 */
export function raised(
  rule: Rule,
  stored: Slot | undefined,
  known: { readonly used: number; readonly usedBefore: number; readonly how?: "set" | undefined },
  now: number,
): Slot | null {
  const slot = slotAlgorithm(rule.algorithm).advance(rule, stored, now);
  const { used, usedBefore, how } = known;
  if (rule.algorithm !== "sliding_window") {
    return how === undefined && slot.a >= used ? null : { a: used, b: 0, t: slot.t, marks: NO_MARKS };
  }
  if (how === undefined && slot.a >= used + usedBefore) return null;
  const start = Math.floor(slot.t / rule.periodMs) * rule.periodMs;
  const before = usedBefore > 0 ? [start, usedBefore] : [];
  return { a: used + usedBefore, b: 0, t: slot.t, marks: used > 0 ? [...before, slot.t, used] : before };
}
