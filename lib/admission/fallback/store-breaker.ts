import { type CircuitBreakerPolicy, CircuitState, circuitBreaker, handleType } from "cockatiel";
import type { Elapsed } from "@/lib/clock";
import { type AwayReason, StoreUnavailable } from "@/lib/errors";
import type { Log } from "@/lib/log";
import { Evidence } from "./evidence";
import { OpenFor } from "./open-for";

/** The circuit breaker in front of the shared store, and why it last failed. */
export class StoreBreaker {
  readonly #breaker: CircuitBreakerPolicy;
  readonly #evidence: Evidence;
  #reason: AwayReason = "other";

  /** `openMs`: until a store that is away is asked again. */
  constructor({ elapsed, openMs, log }: { readonly elapsed: Elapsed; readonly openMs: number; readonly log: Log }) {
    this.#evidence = new Evidence(elapsed, () => this.#reason);
    const halfOpenAfter = new OpenFor(openMs, elapsed);
    this.#breaker = circuitBreaker(handleType(StoreUnavailable), { halfOpenAfter, breaker: this.#evidence });
    this.#breaker.onBreak(() =>
      log.error(
        { reason: this.#reason },
        `the store is away (${this.#reason}): limits are enforced by each process on its own`,
      ),
    );
    this.#breaker.onReset(() => log.warn("the store is available again"));
  }

  /** The store counts as available: no request is held back. */
  get isClosed(): boolean {
    return this.#breaker.state === CircuitState.Closed;
  }

  /** One request to the store; rejects with the breaker's own error while the store is known to be away. */
  ask<T>(work: () => Promise<T>): Promise<T> {
    return this.isClosed ? this.#asked(work) : this.#tried(work);
  }

  /** Bypasses a closed breaker, which only forgets failures on an answer: its promises cost every call microseconds. */
  async #asked<T>(work: () => Promise<T>): Promise<T> {
    try {
      const answer = await work();
      this.#evidence.success();
      return answer;
    } catch (error) {
      if (error instanceof StoreUnavailable && this.isClosed) {
        await this.#tried(() => Promise.reject(error)).catch(() => undefined);
      }
      throw error;
    }
  }

  #tried<T>(work: () => Promise<T>): Promise<T> {
    return this.#breaker.execute(() => work().catch((error: unknown) => this.#failed(error)));
  }

  /** Runs before the breaker counts the failure: the reason decides how it counts. */
  #failed(error: unknown): never {
    if (error instanceof StoreUnavailable) this.#reason = error.reason;
    throw error;
  }
}
