import type { Priority } from "@/lib/limits/rules/priority";

/** Queue settings that operators may change. Times in ms. */
export type QueueConstants = {
  /** waiting time that lifts a call by one class */
  readonly ageingMs: number;
  /** the longest that a call of each class waits */
  readonly waitMs: Readonly<Record<Priority, number>>;
  /** limits of one process: waiting calls of one tenant, of one class, and bytes of all their bodies */
  readonly tenantCallsMax: number;
  readonly classCallsMax: number;
  readonly bytesMax: number;
  /** a waiting class is served at least once in this many calls of others */
  readonly floorCalls: number;
  /** what a call counts as until it is settled, micro-dollars */
  readonly guessMicroUsd: number;
  /** weights of tenants by the position of their tier; the last one holds for all above */
  readonly weights: readonly [number, ...number[]];
};

export const QUEUE_CONSTANTS: QueueConstants = {
  // A batch call rises two classes in five minutes, and then goes with the interactive ones.
  ageingMs: 150_000,
  // A person gives up after seconds, an SDK after ten minutes.
  waitMs: { interactive: 2000, standard: 30_000, batch: 300_000, background: 600_000 },
  tenantCallsMax: 100,
  classCallsMax: 5000,
  bytesMax: 64 * 1024 * 1024,
  // One percent per class keeps it alive and costs the urgent ones three percent at most.
  floorCalls: 100,
  // About a short call of a small model: too little is corrected at settlement, too much would hold its tenant back.
  guessMicroUsd: 100,
  weights: [1, 4, 16],
};

/** The weight of a tenant by its tier's position in the order of tiers; the first is 0. */
export function weightOf({ weights }: Pick<QueueConstants, "weights">, tierPosition: number): number {
  return weights[Math.min(Math.max(0, tierPosition), weights.length - 1)] ?? weights[0];
}
