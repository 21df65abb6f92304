/** Least time that a refusal is held: a client that repeats at once gets one answer a second on each connection. */
const HOLD_MS = 1000;
/** Between two answers. Those that were held together would otherwise be sent, and repeated, in one turn of the loop. */
const APART_MS = 5;
/** Each holds a socket and up to 64 KB that were read from it: 16 MB in all. */
const HELD_MAX = 256;

/** What is used of a socket. */
type Connection = {
  readonly destroyed: boolean;
  once(event: "close", listener: () => void): unknown;
  off(event: "close", listener: () => void): unknown;
};

/**
 * Holds back refusals of clients that repeat what was refused. Such a client sends its next request when it has the
 * answer, so the wait bounds its rate, and a held connection costs no time. Answers to good calls are never held.
 * When too many are held, others are sent at once, so none waits longer than 2.3 s. Kept per process, without a fail
 * mode.
 */
export class HeldAnswers {
  readonly #now: () => number;
  #size = 0;
  #lastAt = Number.NEGATIVE_INFINITY;

  /** `now`: monotone, ms. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Answers that are held now. */
  get size(): number {
    return this.#size;
  }

  /** Resolves when the answer may be sent, or when the connection is closed. */
  hold(connection: Connection): Promise<void> {
    if (this.#size >= HELD_MAX || connection.destroyed) return Promise.resolve();
    this.#size += 1;
    const now = this.#now();
    this.#lastAt = Math.max(now + HOLD_MS, this.#lastAt + APART_MS);
    const waitMs = this.#lastAt - now;
    return new Promise((resolve) => {
      const over = () => {
        clearTimeout(timer);
        connection.off("close", over);
        this.#size -= 1;
        resolve();
      };
      const timer = setTimeout(over, waitMs);
      connection.once("close", over);
    });
  }
}
