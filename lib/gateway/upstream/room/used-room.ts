import type { CheckState } from "@/lib/limits/decide";

/** What no call has met for so long says nothing of now. */
const SEEN_MS = 10_000;
const COUNTERS_MAX = 1000;

/** How full providers' rooms are, as this process last met them in an admission. It steers shedding and decides nothing. */
export class UsedRoom {
  readonly #seen = new Map<string, { readonly share: number; readonly atMs: number }>();

  note(states: readonly CheckState[], nowMs: number): void {
    for (const { check, used } of states) {
      if (check.isPart !== true) continue;
      if (this.#seen.size >= COUNTERS_MAX) this.#seen.clear();
      // The capacity is the part of one class; what comes back in a window is the whole.
      this.#seen.set(check.counter, { share: (used + check.cost) / check.rule.refill, atMs: nowMs });
    }
  }

  most(nowMs: number): number | null {
    let most: number | null = null;
    for (const { share, atMs } of this.#seen.values()) if (nowMs - atMs < SEEN_MS) most = Math.max(most ?? 0, share);
    return most;
  }
}
