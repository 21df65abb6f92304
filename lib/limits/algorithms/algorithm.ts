import type { Rule } from "../rules/rule";
import type { Slot } from "../slot";

/**
 * One way to count. Every member is a pure function. Only + - * / floor ceil min max and comparisons are used, in a
 * fixed order, so that the shared store's script can repeat the arithmetic to the bit. `now` is store time in epoch
 * milliseconds and may step back: no member gives units away then.
 */
export interface Algorithm {
  /** The slot at `now`; `undefined` is a subject never seen. */
  advance(rule: Rule, slot: Slot | undefined, now: number): Slot;
  /**
   * Units that count against the capacity at `now`. May exceed it: that is debt, or the limit is only observed and
   * refuses nobody.
   */
  level(rule: Rule, stored: Slot | undefined, now: number, isObserved?: boolean): number;
  /** Whether `cost` units may be added at this level. */
  fits(rule: Rule, level: number, cost: number): boolean;
  /** First guess, in ms, for the wait until `cost` fits; `waitMs` makes it exact. Called only when it does not fit. */
  guessWaitMs(rule: Rule, stored: Slot | undefined, asked: { level: number; cost: number; now: number }): number;
  /** The advanced slot with `cost` units taken. */
  take(rule: Rule, slot: Slot, cost: number): Slot;
  /**
   * An advanced slot after the settlement of a call that was admitted at `reservedAt`: moved by `delta` = actual -
   * reserved, unless time has undone it. Called once per reservation, also with a delta of 0.
   */
  correct(rule: Rule, slot: Slot, delta: number, reservedAt: number): Slot;
  /** Milliseconds from `now` until the slot is unused (bucket full again, window over). */
  restMs(rule: Rule, slot: Slot, now: number): number;
  /** The same from the level alone: never less than the true time, and equal to it where the level is enough. */
  emptyInMs(rule: Rule, level: number, now: number): number;
}
