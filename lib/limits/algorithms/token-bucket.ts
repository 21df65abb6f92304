import type { Algorithm } from "./algorithm";

/**
 * Token bucket kept as used units that leak away (the same limiter as GCRA, in units instead of time, so that refunds
 * and changed limits stay exact). Worst case in any interval T: capacity + refill * T / period.
 * With burst credit the level may sink below zero, down to -credit: what is saved there was not used while traffic
 * stayed below the refill, and adds to the capacity. Worst case then: capacity + credit + refill * T / period.
 * Use it for requests and tokens per minute. For "never more than L in any window W" split L into burst and refill
 * (strict mode, done when the policy is compiled).
 */
export const tokenBucket: Algorithm = {
  advance(rule, slot, now) {
    if (slot === undefined) return { a: 0, b: 0, t: now };
    if (now <= slot.t) return slot;
    const left = slot.a - ((now - slot.t) * rule.refill) / rule.periodMs;
    return { a: Math.max(left, 0 - rule.credit), b: 0, t: now };
  },
  used(_rule, slot) {
    return slot.a;
  },
  fits(rule, slot, cost) {
    // The difference of two whole numbers is exact; the sum with a fraction may be rounded onto the capacity.
    return slot.a <= rule.capacity - cost;
  },
  guessWaitMs(rule, slot, cost, now) {
    return Math.ceil(((slot.a + cost - rule.capacity) * rule.periodMs) / rule.refill) + (slot.t - now);
  },
  take(slot, cost) {
    return { a: slot.a + cost, b: 0, t: slot.t };
  },
  correct(rule, slot, delta) {
    return { a: Math.max(slot.a + delta, 0 - rule.credit), b: 0, t: slot.t };
  },
  restMs(rule, slot, now) {
    return Math.ceil((Math.max(0, slot.a) * rule.periodMs) / rule.refill) + (slot.t - now);
  },
};
