import type { RefusedCall } from "@/db/queries/books/refused";

/** Of one tenant: this many at once, and then one per so many ms. A retry storm must not fill the disk. */
const AT_ONCE = 100;
const ONE_PER_MS = 1000;
const WAITING_MAX = 2000;
const TENANTS_MAX = 10_000;

/**
 * Refused calls with the numbers they met, for people to read: gathered here, kept with the next batch. Of each tenant the
 * first of a storm and then one a second; the rest is counted only, so not even its record is made.
 */
export class RefusedCalls {
  #waiting: RefusedCall[] = [];
  readonly #rooms = new Map<string, { used: number; at: number }>();

  /** Keeps what `make` gives, if there is room for another one of this tenant; null when there is none. */
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

  /** Gives what has gathered to `write`; what it returns waits for the next time. */
  async drain(write: (calls: readonly RefusedCall[]) => Promise<readonly RefusedCall[]>): Promise<void> {
    const calls = this.#waiting;
    this.#waiting = [];
    const left = await write(calls);
    this.#waiting = [...left, ...this.#waiting].slice(0, WAITING_MAX);
  }
}
