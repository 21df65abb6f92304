import type { Rule } from "../rules/rule";
import { NO_MARKS, type Slot } from "../slot";
import type { Algorithm } from "./algorithm";
import { drained, laid, leaked, settled } from "./layers";

/**
 * Token bucket kept as used units that leak away (the same limiter as GCRA, in units instead of time, so that refunds
 * and changed limits stay exact). Worst case in any interval T, in units really used by calls that begin in it:
 * capacity + refill * T / period. With burst credit the level may sink below zero, down to -credit: traffic below the
 * refill saves credit, which adds to the capacity. Worst case then: capacity + credit + refill * T / period. Use it for
 * requests and tokens per minute. For "never more than L in any window" use a sliding window. Refunds: `layers.ts`.
 */
export const tokenBucket: Algorithm = {
  advance(rule, slot, now) {
    if (slot === undefined) return { a: 0, b: 0, t: now, marks: NO_MARKS };
    if (now <= slot.t) return slot;
    const floor = 0 - rule.credit;
    const amount = leak(rule, slot, now);
    const a = slot.a - amount;
    const b = Math.max(0, slot.b - amount);
    if (a > floor) return { a, b, t: now, marks: leaked(slot.marks, a, amount) };
    return { a: floor, b, t: now, marks: drained(slot.marks, floor, floor - a) };
  },
  level(rule, slot, now, isObserved = false) {
    if (slot === undefined) return 0;
    // A lowered limit counts as just used up: use under the larger limit locks nobody out for longer.
    const most = rule.capacity + slot.b;
    const from = slot.a > most && !isObserved ? most : slot.a;
    if (now <= slot.t) return from;
    return Math.max(from - leak(rule, slot, now), 0 - rule.credit);
  },
  fits(rule, level, cost) {
    // The difference of two whole numbers is exact; the sum with a fraction may be rounded onto the capacity.
    return level <= rule.capacity - cost;
  },
  guessWaitMs(rule, slot, { level, cost, now }) {
    return Math.ceil(((level + cost - rule.capacity) * rule.periodMs) / rule.refill) + ahead(slot, now);
  },
  take(rule, slot, cost) {
    const { a, b, t, marks } = slot;
    return { a: a + cost, b, t, marks: laid(marks, { at: t, level: a, cost, floor: 0 - rule.credit }) };
  },
  correct(rule, slot, delta, reservedAt) {
    const { moved, marks } = settled(slot.marks, { began: reservedAt, delta, floor: 0 - rule.credit, at: slot.t });
    const a = slot.a + moved;
    return { a, b: debtAfter(rule, slot.b, a, delta), t: slot.t, marks };
  },
  restMs(rule, slot, now) {
    return Math.ceil((Math.max(0, slot.a) * rule.periodMs) / rule.refill) + (slot.t - now);
  },
  emptyInMs(rule, level) {
    return Math.ceil((Math.max(0, level) * rule.periodMs) / rule.refill);
  },
};

/**
 * A bucket that counts requests. Nearly none are given back, so it keeps no layers. A call that was never sent gives
 * back what cannot have leaked since it was admitted. That is never more than the exact refund, and equal to it if the
 * bucket was empty when the call came.
 */
export const requestBucket: Algorithm = {
  ...tokenBucket,
  take(_rule, slot, cost) {
    return { a: slot.a + cost, b: slot.b, t: slot.t, marks: NO_MARKS };
  },
  correct(rule, slot, delta, reservedAt) {
    const { a, b, t } = slot;
    if (delta > 0) return { a: a + delta, b: debtAfter(rule, b, a + delta, delta), t, marks: NO_MARKS };
    const leaked = (Math.max(0, t - reservedAt) * rule.refill) / rule.periodMs;
    const back = Math.min(Math.max(0, 0 - delta - leaked), Math.max(0, a + rule.credit));
    return { a: a - back, b, t, marks: NO_MARKS };
  },
};

/**
 * Debt after a settlement moved the level to `a`: at most the overrun above the capacity. Anything else above the
 * capacity was used under a larger limit.
 */
function debtAfter({ capacity }: Rule, debt: number, a: number, delta: number): number {
  return delta > 0 ? Math.max(debt, Math.min(a - capacity, debt + delta)) : debt;
}

/** Units that leak from the slot's time to `now`. */
function leak(rule: Rule, slot: Slot, now: number): number {
  return ((now - slot.t) * rule.refill) / rule.periodMs;
}

/** How far the slot's time lies ahead of a clock that stepped back, ms: nothing leaks until the clock reaches it. */
function ahead(slot: Slot | undefined, now: number): number {
  return slot === undefined || now >= slot.t ? 0 : slot.t - now;
}
