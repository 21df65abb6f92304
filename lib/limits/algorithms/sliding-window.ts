import type { Algorithm } from "./algorithm";

/**
 * Sliding counter over two windows: this window's units plus the share of the previous window's that the sliding
 * window still covers. Worst case in any window: just under twice the capacity (measured 199 of 100), the same bound as
 * a full-burst bucket, for more state. Offered because customers ask for it by name.
 */
export const slidingWindow: Algorithm = {
  advance(rule, slot, now) {
    const start = Math.floor(now / rule.periodMs) * rule.periodMs;
    if (slot === undefined) return { a: 0, b: 0, t: start };
    if (start <= slot.t) return slot;
    return { a: 0, b: start - slot.t === rule.periodMs ? slot.a : 0, t: start };
  },
  used(rule, slot, now) {
    return slot.a + slot.b * previousShare(rule.periodMs, slot.t, now);
  },
  fits(rule, slot, cost, now) {
    return slot.a + slot.b * previousShare(rule.periodMs, slot.t, now) <= rule.capacity - cost;
  },
  guessWaitMs(rule, slot, cost, now) {
    const room = rule.capacity - cost;
    const sinceStart = now - slot.t;
    if (slot.a <= room) return Math.ceil((1 - (room - slot.a) / slot.b) * rule.periodMs) - sinceStart;
    return Math.ceil((2 - room / slot.a) * rule.periodMs) - sinceStart;
  },
  take(slot, cost) {
    return { a: slot.a + cost, b: slot.b, t: slot.t };
  },
  correct(rule, slot, delta, reservedWindow) {
    if (delta >= 0 || reservedWindow === slot.t) return { a: Math.max(0, slot.a + delta), b: slot.b, t: slot.t };
    if (reservedWindow === slot.t - rule.periodMs) return { a: slot.a, b: Math.max(0, slot.b + delta), t: slot.t };
    return slot;
  },
  restMs(rule, slot, now) {
    if (slot.a > 0) return slot.t + 2 * rule.periodMs - now;
    return slot.b > 0 ? slot.t + rule.periodMs - now : 0;
  },
};

/** Part of the previous window that still counts at `now`, 0 to 1. A clock behind the window's start counts all of it. */
function previousShare(periodMs: number, start: number, now: number): number {
  return now <= start ? 1 : Math.max(0, 1 - (now - start) / periodMs);
}
