import { LRUCache } from "lru-cache";

const KEYS_MAX = 50_000;
const MS_PER_MINUTE = 60_000;

/**
 * A token bucket per key, with one minute's capacity, for what no limit counts: calls that are refused before the limiter,
 * and reads. Without it they could be repeated without bound. The level may go below zero, because some costs are known
 * only afterwards. Kept per process, because it protects the process's time and memory.
 */
export class MinuteBuckets {
  readonly #perMinute: number;
  readonly #now: () => number;
  readonly #buckets = new LRUCache<string, { readonly left: number; readonly at: number }>({ max: KEYS_MAX });

  /** `perMinute` 0: no counting. `now`: monotone, ms. */
  constructor(perMinute: number, now: () => number) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** ms until the key's next one is accepted; 0 = now. */
  waitMs(key: string): number {
    if (this.#perMinute === 0) return 0;
    const missing = 1 - this.#left(key);
    return missing <= 0 ? 0 : Math.ceil((missing * MS_PER_MINUTE) / this.#perMinute);
  }

  charge(key: string, units: number): void {
    if (this.#perMinute > 0) this.#buckets.set(key, { left: this.#left(key) - units, at: this.#now() });
  }

  #left(key: string): number {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return this.#perMinute;
    const refilled = ((this.#now() - bucket.at) * this.#perMinute) / MS_PER_MINUTE;
    return Math.min(this.#perMinute, bucket.left + refilled);
  }
}
