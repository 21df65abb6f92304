import { LRUCache } from "lru-cache";
import { SecondCount } from "@/lib/admission/second-count";
import type { Elapsed } from "@/lib/clock";

/** A key with more refused calls in one second is in a storm. */
const REFUSED_PER_SECOND = 20;
const KEYS_MAX = 10_000;

/**
 * Calls of keys that repeat refused calls without waiting. Of all of them together, one begins in each turn of the event
 * loop. Otherwise a turn has as many refusals as the client has connections, and a call of another key, which takes
 * some ten turns, is late by all of them. A storm's own refusals lose nothing: an empty turn takes microseconds.
 */
export class StormLine {
  readonly #elapsed: Elapsed;
  readonly #refused = new LRUCache<string, SecondCount>({ max: KEYS_MAX });
  readonly #waiting: (() => void)[] = [];
  #next: NodeJS.Immediate | null = null;

  constructor(elapsed: Elapsed) {
    this.#elapsed = elapsed;
  }

  /** Calls that wait for their turn. */
  get size(): number {
    return this.#waiting.length;
  }

  /** A call of the key was refused by a limit or a brake. */
  refused(key: string): void {
    const count = this.#refused.get(key) ?? new SecondCount();
    count.add(this.#elapsed());
    this.#refused.set(key, count);
  }

  /** Resolves when a call of this key may begin; null = now. */
  turnOf(key: string): Promise<void> | null {
    const count = this.#refused.get(key);
    if (count === undefined || count.most(this.#elapsed()) < REFUSED_PER_SECOND) return null;
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#next ??= setImmediate(this.#serve);
    });
  }

  readonly #serve = (): void => {
    this.#waiting.shift()?.();
    this.#next = this.#waiting.length > 0 ? setImmediate(this.#serve) : null;
  };
}
