type Call = { readonly tenantId: string; readonly isFailed: boolean; readonly atMs: number };

/**
 * How one place answered the last calls of this process, and whether too many failed. It counts the last calls, not a
 * time span: a busy provider that dies is closed after ten calls, not after half a minute. No single tenant can have it
 * closed for others: without any one tenant's calls it must look as bad, unless only that tenant calls. Counts are
 * local, so they cost a call no look-up; the decision is shared.
 */
export class Breaker {
  #recent: Call[] = [];
  /** the last call of each tenant, for when no other tenant is among the recent ones */
  readonly #lasts = new Map<string, Call>();

  served(tenantId: string, nowMs: number): void {
    this.#add({ tenantId, isFailed: false, atMs: nowMs });
  }

  /**
   * Whether the place should be closed now; then the count restarts. A call without another provider needs more
   * evidence, because a closed place could not serve its kind at all.
   */
  failed(tenantId: string, nowMs: number, isLastWay = false): boolean {
    this.#add({ tenantId, isFailed: true, atMs: nowMs });
    const [least, looked] = isLastWay ? [LAST_WAY_FAILED_MIN, RECENT_MAX] : [FAILED_MIN, LOOKED_AT];
    const isCurrent = ({ atMs }: Call) => nowMs - atMs < WINDOW_MS;
    const recent = this.#recent.filter(isCurrent).slice(-looked);
    if (!isBad(recent, least)) return false;
    const lasts = [...this.#lasts.values()].filter(isCurrent);
    if (!isBadForOthers(recent, lasts)) return false;
    this.#recent = [];
    this.#lasts.clear();
    return true;
  }

  #add(call: Call): void {
    this.#recent.push(call);
    if (this.#recent.length > RECENT_MAX) this.#recent.shift();
    this.#lasts.delete(call.tenantId);
    this.#lasts.set(call.tenantId, call);
    // The longest silent one is dropped: the first in the map.
    const [oldest] = this.#lasts.size > TENANTS_MAX ? this.#lasts.keys() : [];
    if (oldest !== undefined) this.#lasts.delete(oldest);
  }
}

/** Older results say nothing about now. */
const WINDOW_MS = 30_000;
const TENANTS_MAX = 1000;
/** Half of this many failed: as many as the saved-up retries. */
const LOOKED_AT = 20;
const RECENT_MAX = 40;
/** Fewer failures are no evidence. */
const FAILED_MIN = 5;
const LAST_WAY_FAILED_MIN = 20;
const OTHERS_FAILED_MIN = 2;
const FAILED_SHARE = 0.5;

function isBad(calls: readonly Call[], least: number): boolean {
  const failed = calls.filter(({ isFailed }) => isFailed).length;
  return failed >= least && failed >= calls.length * FAILED_SHARE;
}

function isBadForOthers(recent: readonly Call[], lasts: readonly Call[]): boolean {
  return [...new Set(recent.map(({ tenantId }) => tenantId))].every((one) => {
    const others = recent.filter(({ tenantId }) => tenantId !== one);
    if (others.length > 0) return isBad(others, OTHERS_FAILED_MIN);
    return lasts.every(({ tenantId, isFailed }) => tenantId === one || isFailed);
  });
}
