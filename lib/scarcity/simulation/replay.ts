import { PRIORITIES, type Priority } from "@/lib/limits/rules/priority";
import type { QueueConstants } from "../order/constants";
import { seeded } from "./events";
import { type Arrival, type Ended, World } from "./world";

/** The outcome of one class. */
export type ClassFared = {
  readonly priority: Priority;
  readonly calls: number;
  readonly served: number;
  /** gave up or were not let in */
  readonly lost: number;
  /** p50 and p95 of the served calls' waits; null = none was served */
  readonly p50WaitMs: number | null;
  readonly p95WaitMs: number | null;
};

const MINUTE_MS = 60_000;
const SEED = 1;

/** What the busiest minute of these calls cost, micro-dollars. */
export function busiestMinute(arrivals: readonly Arrival[]): number {
  const minutes = new Map<number, number>();
  for (const { at, cost } of arrivals) {
    const minute = Math.floor(at / MINUTE_MS);
    minutes.set(minute, (minutes.get(minute) ?? 0) + cost);
  }
  return Math.max(0, ...minutes.values());
}

/**
 * How past calls would have fared in the queue if all of them needed one resource with this much per minute. Runs the
 * queue's own code under a virtual clock, in one process, without shedding. Yields where it may be interrupted.
 */
export function* faredUnder(
  constants: QueueConstants,
  { arrivals, perMinute }: { readonly arrivals: readonly Arrival[]; readonly perMinute: number },
): Generator<void, readonly ClassFared[]> {
  const largest = Math.max(1, ...arrivals.map(({ cost }) => cost));
  const perMs = Math.max(perMinute / MINUTE_MS, Number.MIN_VALUE);
  const world = new World({ constants, perMs, burst: largest, largest, processes: 1, random: seeded(SEED) });
  yield* world.slices(arrivals);
  return PRIORITIES.map((priority) => fared(world.ended, priority));
}

function fared(ended: readonly Ended[], priority: Priority): ClassFared {
  const own = ended.filter((one) => one.priority === priority);
  const waits = own.flatMap(({ how, waitedMs }) => (how === "served" ? [waitedMs] : [])).sort((one, two) => one - two);
  const at = (share: number) => waits[Math.floor(waits.length * share)] ?? null;
  const counts = { calls: own.length, served: waits.length, lost: own.length - waits.length };
  return { priority, ...counts, p50WaitMs: at(0.5), p95WaitMs: at(0.95) };
}
