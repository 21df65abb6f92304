import type { IBreaker } from "cockatiel";
import type { Elapsed } from "@/lib/clock";
import type { AwayReason } from "@/lib/errors";

const FAILURES_TO_OPEN = 5;
/** Requests sent in one burst time out together: they count as one observation. */
const SILENT_MS = 150;

/**
 * A store counts as away after five failures in a row. Timeouts prove less than a refused connection: they must also go
 * on for a while, without any answer in between.
 */
export class Evidence implements IBreaker {
  readonly #elapsed: Elapsed;
  readonly #reason: () => AwayReason;
  #failures = 0;
  #since = 0;

  constructor(elapsed: Elapsed, reason: () => AwayReason) {
    this.#elapsed = elapsed;
    this.#reason = reason;
  }

  /** No state is carried over to another breaker. */
  get state(): null {
    return null;
  }

  set state(_state: unknown) {
    this.success();
  }

  success(): void {
    this.#failures = 0;
  }

  /** Whether the store counts as away now. */
  failure(): boolean {
    const now = this.#elapsed();
    if (this.#failures === 0) this.#since = now;
    this.#failures += 1;
    if (this.#failures < FAILURES_TO_OPEN) return false;
    return this.#reason() !== "timeout" || now - this.#since >= SILENT_MS;
  }
}
