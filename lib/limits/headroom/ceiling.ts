import type { Priority } from "../rules/priority";

/**
 * The share of a provider's headroom that each class may fill. The rest stays free for more urgent calls, so a provider
 * that runs out refuses background calls first and interactive calls last. A class alone may fill all up to its
 * ceiling.
 */
export const CEILINGS: Readonly<Record<Priority, number>> = {
  interactive: 1,
  standard: 0.95,
  batch: 0.8,
  background: 0.5,
};

/** Whole units of a headroom that this class may fill; at least 1 if the headroom is not empty. */
export function ceilingOf(capacity: number, priority: Priority, shares = CEILINGS): number {
  return capacity <= 0 ? 0 : Math.max(1, Math.floor(capacity * shares[priority]));
}
