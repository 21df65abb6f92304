import { LRUCache } from "lru-cache";

const KEYS_MAX = 50_000;
const MS_PER_MINUTE = 60_000;

/**
 * What a key may have refused for faults of its own calls, as a token bucket per key that holds one minute's worth: a call
 * that is refused before the limiter spends nothing there, so without this it could be sent for ever. It may go below
 * zero, as the cost is only known afterwards. Kept in this process, whose time and memory it is about.
 */
export class FailedCalls {
  readonly #perMinute: number;
  readonly #now: () => number;
  readonly #buckets = new LRUCache<string, { readonly left: number; readonly at: number }>({ max: KEYS_MAX });

  /** `perMinute` 0: nothing is counted. `now`: monotone, ms. */
  constructor(perMinute: number, now: () => number) {
    this.#perMinute = perMinute;
    this.#now = now;
  }

  /** ms after which the key's next call is looked at again; 0 = it is. */
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
