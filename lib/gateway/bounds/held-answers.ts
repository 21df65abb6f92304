/** Time that a refusal is held: a client that repeats at once gets one answer a second on each connection. */
const HOLD_MS = 1000;
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
 * When too many are held, others are sent at once, so nothing waits longer than HOLD_MS. Kept per process, without a
 * fail mode.
 */
export class HeldAnswers {
  #size = 0;

  /** Answers that are held now. */
  get size(): number {
    return this.#size;
  }

  /** Resolves when the answer may be sent, or when the connection is closed. */
  hold(connection: Connection): Promise<void> {
    if (this.#size >= HELD_MAX || connection.destroyed) return Promise.resolve();
    this.#size += 1;
    return new Promise((resolve) => {
      const over = () => {
        clearTimeout(timer);
        connection.off("close", over);
        this.#size -= 1;
        resolve();
      };
      const timer = setTimeout(over, HOLD_MS);
      connection.once("close", over);
    });
  }
}
