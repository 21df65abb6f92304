import type { Priority } from "@/lib/limits/rules/priority";

/** What operators may set of the queue. Times in ms. */
export type QueueConstants = {
  /** waiting that lifts a call by one class */
  readonly ageingMs: number;
  /** the longest that a call of each class waits */
  readonly waitMs: Readonly<Record<Priority, number>>;
  /** waiting calls of one tenant, of one class, and bytes of all their bodies, in one process */
  readonly tenantCallsMax: number;
  readonly classCallsMax: number;
  readonly bytesMax: number;
  /** a class that waits is served at least once in this many calls of others */
  readonly floorCalls: number;
  /** what a call counts as until it is settled, micro-dollars */
  readonly guessMicroUsd: number;
  /** shares of tenants by the place of their tier; the last one holds for all above */
  readonly weights: readonly [number, ...number[]];
};

export const QUEUE_CONSTANTS: QueueConstants = {
  // Two classes in five minutes: a batch call of that age goes with the interactive ones.
  ageingMs: 150_000,
  // A person gives up after seconds, an SDK after ten minutes.
  waitMs: { interactive: 2000, standard: 30_000, batch: 300_000, background: 600_000 },
  tenantCallsMax: 100,
  classCallsMax: 5000,
  bytesMax: 64 * 1024 * 1024,
  // One percent for each class keeps it alive and costs the urgent ones three percent at most.
  floorCalls: 100,
  // About a short call of a small model: too little is corrected at settlement, too much would push its tenant back meanwhile.
  guessMicroUsd: 100,
  weights: [1, 4, 16],
};

/** The share of a tenant whose tier has this place in the order of tiers; the first is 0. */
export function weightOf({ weights }: Pick<QueueConstants, "weights">, tierPosition: number): number {
  return weights[Math.min(Math.max(0, tierPosition), weights.length - 1)] ?? weights[0];
}
