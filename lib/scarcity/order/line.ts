import { type Priority, rankOf } from "@/lib/limits/rules/priority";
import { bandOf, FLOOR_LEAST_CALLS, FLOOR_MS } from "./band";
import type { QueueConstants } from "./constants";

/** One call that waits. */
export type Waiter = {
  readonly tenantId: string;
  readonly priority: Priority;
  /** when it began to wait; kept when it next waits elsewhere */
  readonly since: number;
  readonly bytes: number;
  /** its tenant's weight, 1 = the least */
  readonly weight: number;
};

type Queues<W> = readonly [W[], W[], W[], W[]];
type Head<W> = { readonly waiter: W; readonly band: number; readonly cost: number };
const RANKS = [0, 1, 2, 3] as const;
/** Weight of the newest gap in the mean time between two turns. */
const GAP_SHARE = 0.1;

/**
 * Calls that wait for the same resource in this process. Order: by band; among equals, the tenant with the lowest
 * virtual cost; then by arrival. A class that was passed over for long goes next, whatever its band.
 */
export class Line<W extends Waiter> {
  readonly #constants: () => QueueConstants;
  readonly #costOf: (tenantId: string) => number;
  readonly #queues = new Map<string, Queues<W>>();
  /** per waiting class: calls of others since it was last served, and when that was */
  readonly #passed: [number, number, number, number] = [0, 0, 0, 0];
  readonly #servedAt: [number, number, number, number] = [0, 0, 0, 0];
  readonly #counts: [number, number, number, number] = [0, 0, 0, 0];
  #lastServedAt: number | null = null;
  #gapMs: number | null = null;

  constructor(constants: () => QueueConstants, costOf: (tenantId: string) => number) {
    this.#constants = constants;
    this.#costOf = costOf;
  }

  get size(): number {
    return this.#counts.reduce((sum, count) => sum + count, 0);
  }

  add(waiter: W, now: number): void {
    const rank = rankAt(waiter);
    const queues = this.#queues.get(waiter.tenantId) ?? [[], [], [], []];
    this.#queues.set(waiter.tenantId, queues);
    const queue = queues[rank];
    // Nearly always at the end: only a call from another line can be older than one here.
    let place = queue.length;
    while (place > 0 && (queue[place - 1]?.since ?? 0) > waiter.since) place -= 1;
    queue.splice(place, 0, waiter);
    if (this.#counts[rank] === 0) {
      this.#passed[rank] = 0;
      this.#servedAt[rank] = now;
    }
    this.#counts[rank] += 1;
  }

  remove(waiter: W): boolean {
    const queues = this.#queues.get(waiter.tenantId);
    const rank = rankAt(waiter);
    const place = queues?.[rank].indexOf(waiter) ?? -1;
    if (queues === undefined || place === -1) return false;
    queues[rank].splice(place, 1);
    this.#counts[rank] -= 1;
    if (queues.every((queue) => queue.length === 0)) this.#queues.delete(waiter.tenantId);
    return true;
  }

  /** Who goes next; null = nobody waits. */
  best(now: number): W | null {
    const starving = this.#starving(now);
    let best: Head<W> | null = null;
    for (const [tenantId, queues] of this.#queues) {
      for (const rank of RANKS) {
        const waiter = queues[rank][0];
        if (waiter === undefined || (starving !== null && rank !== starving)) continue;
        const band = starving === null ? this.bandOf(waiter, now) : 0;
        const head = { waiter, band, cost: this.#costOf(tenantId) };
        if (best === null || goesBefore(head, best)) best = head;
      }
    }
    return best?.waiter ?? null;
  }

  bandOf(waiter: W, now: number): number {
    return bandOf(rankOf(waiter.priority), now - waiter.since, this.#constants().ageingMs);
  }

  /** The call had its turn and went through. */
  served(waiter: W, now: number): void {
    if (!this.remove(waiter)) return;
    const own = rankAt(waiter);
    for (const rank of RANKS) if (rank !== own && this.#counts[rank] > 0) this.#passed[rank] += 1;
    this.#passed[own] = 0;
    this.#servedAt[own] = now;
    const gap = this.#lastServedAt === null ? null : now - this.#lastServedAt;
    this.#lastServedAt = now;
    if (gap !== null) this.#gapMs = this.#gapMs === null ? gap : this.#gapMs + GAP_SHARE * (gap - this.#gapMs);
  }

  /** Its place if no call comes or ages: counts all more urgent calls, and as many of each other tenant as of its own. */
  placeOf(waiter: W): number {
    const rank = rankAt(waiter);
    const own = this.#queues.get(waiter.tenantId)?.[rank].indexOf(waiter) ?? 0;
    let place = 1;
    for (const more of RANKS) if (more < rank) place += this.#counts[more];
    for (const [tenantId, queues] of this.#queues) {
      place += tenantId === waiter.tenantId ? own : Math.min(queues[rank].length, own + 1);
    }
    return place;
  }

  /** Mean time between recent turns, ms; null = there were no two. */
  get gapMs(): number | null {
    return this.#gapMs;
  }

  *waiters(): Iterable<W> {
    for (const queues of this.#queues.values()) for (const queue of queues) yield* queue;
  }

  /** A class that was passed over for long; of two such classes, the one passed over more often. */
  #starving(now: number): (typeof RANKS)[number] | null {
    let starving: (typeof RANKS)[number] | null = null;
    for (const rank of RANKS) {
      const passed = this.#passed[rank];
      const isLong = passed >= FLOOR_LEAST_CALLS && now - this.#servedAt[rank] >= FLOOR_MS;
      const isDue = this.#counts[rank] > 0 && (passed >= this.#constants().floorCalls || isLong);
      if (isDue && (starving === null || passed > this.#passed[starving])) starving = rank;
    }
    return starving;
  }
}

function goesBefore<W extends Waiter>(one: Head<W>, other: Head<W>): boolean {
  if (one.band !== other.band) return one.band < other.band;
  if (one.cost !== other.cost) return one.cost < other.cost;
  return one.waiter.since < other.waiter.since;
}

function rankAt({ priority }: Waiter): (typeof RANKS)[number] {
  const rank = rankOf(priority);
  return RANKS.find((one) => one === rank) ?? 3;
}
