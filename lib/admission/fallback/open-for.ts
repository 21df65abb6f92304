import type { IBackoff } from "cockatiel";
import type { Elapsed } from "@/lib/clock";

/**
 * How long a breaker stays open. Cockatiel compares `duration` with the elapsed wall-clock time, which can be anything
 * once the clock was set. So this is endless until the time is over, and then less than any time.
 */
export class OpenFor implements IBackoff<unknown> {
  readonly #ms: number;
  readonly #elapsed: Elapsed;
  readonly #began: number;

  constructor(ms: number, elapsed: Elapsed) {
    this.#ms = ms;
    this.#elapsed = elapsed;
    this.#began = elapsed();
  }

  get duration(): number {
    return this.#elapsed() - this.#began < this.#ms ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }

  next(): OpenFor {
    return new OpenFor(this.#ms, this.#elapsed);
  }
}
