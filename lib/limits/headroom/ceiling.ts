import type { Priority } from "../rules/priority";

/**
 * The share of a headroom that calls of each class may fill. What is above a class's ceiling stays free for the more urgent
 * ones, so a provider that runs out of room loses background calls first and interactive ones last. Off the ceilings,
 * nothing is kept back: a class alone fills up to its own.
 */
export const CEILINGS: Readonly<Record<Priority, number>> = {
  interactive: 1,
  standard: 0.95,
  batch: 0.8,
  background: 0.5,
};

/** The units of a headroom that calls of this class may fill, whole; at least 1 of any room that is not empty. */
export function ceilingOf(capacity: number, priority: Priority, shares = CEILINGS): number {
  return capacity <= 0 ? 0 : Math.max(1, Math.floor(capacity * shares[priority]));
}
