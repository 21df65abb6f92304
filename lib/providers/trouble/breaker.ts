/** What one tenant's calls met lately. */
type Met = { calls: number; failed: number };

/**
 * How one place answered the calls of this process lately: whether so many failed that no more should be sent. Nobody
 * alone can have it closed for others: without any one tenant's calls it has to look as bad, unless nobody else calls.
 * Counted here alone: what it decides is shared, what it counts costs no call a look-up.
 */
export class Breaker {
  readonly #met = new Map<string, Met>();
  #startedMs = 0;

  served(tenantId: string, nowMs: number): void {
    this.#count(tenantId, nowMs).calls += 1;
  }

  /**
   * Whether the place should be closed now; then it starts counting again. A call that had no other way asks for more
   * evidence: closed, its kind could not be served at all.
   */
  failed(tenantId: string, nowMs: number, isLastWay = false): boolean {
    const met = this.#count(tenantId, nowMs);
    met.calls += 1;
    met.failed += 1;
    if (!isBadForAll([...this.#met.values()], isLastWay ? LAST_WAY_FAILED_MIN : FAILED_MIN)) return false;
    this.#met.clear();
    return true;
  }

  #count(tenantId: string, nowMs: number): Met {
    // Half of what was counted goes on into the next window, so that a slow trickle of failures still adds up.
    if (nowMs - this.#startedMs >= WINDOW_MS) {
      if (nowMs - this.#startedMs >= 2 * WINDOW_MS) this.#met.clear();
      for (const [id, met] of this.#met) {
        met.calls = Math.floor(met.calls / 2);
        met.failed = Math.floor(met.failed / 2);
        if (met.calls === 0) this.#met.delete(id);
      }
      this.#startedMs = nowMs;
    }
    const known = this.#met.get(tenantId);
    if (known !== undefined) return known;
    // Of very many tenants the first ones tell enough.
    const met = { calls: 0, failed: 0 };
    if (this.#met.size < TENANTS_MAX) this.#met.set(tenantId, met);
    return met;
  }
}

const WINDOW_MS = 30_000;
const TENANTS_MAX = 1000;
/** Fewer failures are no evidence. */
const FAILED_MIN = 5;
const LAST_WAY_FAILED_MIN = 20;
const OTHERS_FAILED_MIN = 2;
const FAILED_SHARE = 0.5;

function isBadForAll(met: readonly Met[], least: number): boolean {
  const all = met.reduce((sum, one) => ({ calls: sum.calls + one.calls, failed: sum.failed + one.failed }));
  if (all.failed < least || all.failed < all.calls * FAILED_SHARE) return false;
  return met.every((one) => {
    const calls = all.calls - one.calls;
    const failed = all.failed - one.failed;
    return calls === 0 || (failed >= OTHERS_FAILED_MIN && failed >= calls * FAILED_SHARE);
  });
}
