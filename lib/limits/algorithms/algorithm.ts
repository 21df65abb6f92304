import type { Rule } from "../rule";
import type { Slot } from "../slot";

/**
 * One way to count. Every member is a pure function of its arguments; only + - * / floor ceil min max and comparisons
 * are used, in a fixed order, so that the script for the shared store can repeat the arithmetic to the bit.
 * `now` is store time in epoch milliseconds and may step back: no member lets that give units away.
 */
export interface Algorithm {
  /** The slot as it stands at `now`; `undefined` is a subject never seen. */
  advance(rule: Rule, slot: Slot | undefined, now: number): Slot;
  /** Units that count against the capacity, for a slot already advanced to `now`. May exceed it: that is debt. */
  used(rule: Rule, slot: Slot, now: number): number;
  /** Whether `cost` units may be added to a slot already advanced to `now`. */
  fits(rule: Rule, slot: Slot, cost: number, now: number): boolean;
  /** First guess, in ms, for the wait until `cost` fits; `waitMs` makes it exact. Called only when it does not fit. */
  guessWaitMs(rule: Rule, slot: Slot, cost: number, now: number): number;
  /** The advanced slot with `cost` units taken. */
  take(slot: Slot, cost: number): Slot;
  /** Moves an advanced slot by `delta` = actual - reserved, where the reservation was made in window `reservedWindow`. */
  correct(rule: Rule, slot: Slot, delta: number, reservedWindow: number): Slot;
  /** Milliseconds from `now` until nothing of the slot is left (bucket full again, window over). */
  restMs(rule: Rule, slot: Slot, now: number): number;
}
