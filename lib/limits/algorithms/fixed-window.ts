import type { Rule } from "../rules/rule";
import { NO_MARKS, type Slot } from "../slot";
import type { Algorithm } from "./algorithm";

/**
 * Fixed window aligned to the epoch. Worst case in any window: twice the capacity, all within an instant around the
 * boundary. Use it for whole windows: a calendar day or month of money or tokens.
 */
export const fixedWindow: Algorithm = windowAlgorithm((rule, now) => {
  const startMs = Math.floor(now / rule.periodMs) * rule.periodMs;
  return { startMs, endMs: startMs + rule.periodMs };
});

/**
 * Fixed window over days, weeks or months of a time zone. The caller computes the bounds (a day has 23 to 25 hours) and
 * includes the end of the following window. So a store whose clock is ahead can switch to the next window by itself.
 */
export const calendarWindow: Algorithm = windowAlgorithm((rule, now) => {
  const bounds = rule.bounds;
  if (bounds === null) throw new Error("calendar window without bounds: the plan must set them");
  const { startMs, endMs, nextEndMs } = bounds;
  if (now < endMs) return { startMs, endMs };
  if (now < nextEndMs) return { startMs: endMs, endMs: nextEndMs };
  // Beyond the given bounds: a window as long as the previous one, until a caller sends newer bounds.
  return { startMs: nextEndMs, endMs: nextEndMs + (nextEndMs - endMs) };
});

function windowAlgorithm(boundsAt: (rule: Rule, now: number) => { startMs: number; endMs: number }): Algorithm {
  return {
    advance(rule, slot, now) {
      const { startMs } = boundsAt(rule, now);
      if (slot === undefined || slot.t < startMs) return { a: 0, b: 0, t: startMs, marks: NO_MARKS };
      return slot;
    },
    level(rule, slot, now) {
      return slot === undefined || slot.t < boundsAt(rule, now).startMs ? 0 : slot.a;
    },
    fits(rule, level, cost) {
      return level <= rule.capacity - cost;
    },
    guessWaitMs(rule, slot, { now }) {
      return endOf(rule, slot, now) - now;
    },
    take(_rule, slot, cost) {
      return { a: slot.a + cost, b: 0, t: slot.t, marks: NO_MARKS };
    },
    correct(rule, slot, delta, reservedAt) {
      // A refund for a window that is over is dropped; an overrun is charged to the window that is open now.
      if (delta < 0 && boundsAt(rule, reservedAt).startMs !== slot.t) return slot;
      return { a: Math.max(0, slot.a + delta), b: 0, t: slot.t, marks: NO_MARKS };
    },
    restMs(rule, slot, now) {
      return slot.a > 0 ? endOf(rule, slot, now) - now : 0;
    },
    emptyInMs(rule, level, now) {
      return level > 0 ? boundsAt(rule, now).endMs - now : 0;
    },
  };

  /** If the clock stepped back, the stored window lies ahead: it ends when the clock has passed it. */
  function endOf(rule: Rule, slot: Slot | undefined, now: number): number {
    return boundsAt(rule, slot === undefined ? now : Math.max(now, slot.t)).endMs;
  }
}
