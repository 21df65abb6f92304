type Listener = () => void;

/** What is used of an AbortSignal; one of Node's is a StopSignal as well. */
export type StopSignal = {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(event: "abort", listener: Listener): void;
  removeEventListener(event: "abort", listener: Listener): void;
};

/**
 * Stops what listens to it, once: an AbortController and its signal in one. Every call has two of them, and each of Node's
 * is an event target, which costs a call more than the hash of its key. Listeners are called in the order in which they
 * came, each once, and must not throw.
 */
export class Stopper<Reason> implements StopSignal {
  #stopped: { readonly reason: Reason } | null = null;
  readonly #listeners: Listener[] = [];

  get aborted(): boolean {
    return this.#stopped !== null;
  }

  /** Undefined until it has stopped. */
  get reason(): Reason | undefined {
    return this.#stopped?.reason;
  }

  /** The first reason stands; what comes later does nothing. */
  abort(reason: Reason): void {
    if (this.#stopped !== null) return;
    this.#stopped = { reason };
    // One that is taken away by another one before it is not called.
    for (let next = this.#listeners.shift(); next !== undefined; next = this.#listeners.shift()) next();
  }

  addEventListener(_event: "abort", listener: Listener): void {
    if (this.#stopped === null) this.#listeners.push(listener);
  }

  removeEventListener(_event: "abort", listener: Listener): void {
    const at = this.#listeners.indexOf(listener);
    if (at >= 0) this.#listeners.splice(at, 1);
  }
}
