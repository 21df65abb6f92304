import type { RefusedCall } from "@/db/queries/books/refused";

/** Per tenant: this many at once, then one per interval. A retry storm must not fill the disk. */
const AT_ONCE = 100;
const ONE_PER_MS = 1000;
const WAITING_MAX = 2000;
const TENANTS_MAX = 10_000;

/**
 * Records of refused calls with their numbers, for display. Collected here and stored with the next batch. Per tenant
 * the first of a storm and then one per second are stored; the rest are only counted, without a record.
 */
export class RefusedCalls {
  #waiting: RefusedCall[] = [];
  readonly #rooms = new Map<string, { used: number; at: number }>();

  /** Stores the record from `make`, if the tenant's bound allows it; otherwise null. */
  add(tenantId: string, now: number, make: () => RefusedCall): RefusedCall | null {
    if (this.#waiting.length >= WAITING_MAX) return null;
    const room = this.#rooms.get(tenantId) ?? { used: 0, at: now };
    const used = Math.max(0, room.used - Math.max(0, now - room.at) / ONE_PER_MS);
    if (used > AT_ONCE - 1) return null;
    if (this.#rooms.size >= TENANTS_MAX) this.#rooms.clear();
    this.#rooms.set(tenantId, { used: used + 1, at: now });
    const call = make();
    this.#waiting.push(call);
    return call;
  }

  /** Passes the collected items to `write`. Items that it returns wait for the next flush. */
  async drain(write: (calls: readonly RefusedCall[]) => Promise<readonly RefusedCall[]>): Promise<void> {
    const calls = this.#waiting;
    this.#waiting = [];
    const left = await write(calls);
    this.#waiting = [...left, ...this.#waiting].slice(0, WAITING_MAX);
  }
}
