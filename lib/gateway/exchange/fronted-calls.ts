import type { Exchange, Reply } from "./exchange";

/** What our own server does for a call that a route handler of Next serves. */
export type Fronted = {
  /** The handler has made this exchange of the request. */
  begun(exchange: Exchange): void;
  /** A part of its body was read. Throws PublicError if it arrives in pieces that are too small. */
  read(): void;
  /** Judges what the answer means for the connection. Resolves when the answer may be sent. */
  answered(reply: Reply): Promise<void>;
};

/**
 * Calls that our own server has passed to Next, by the id of their request. A route handler sees no connection, so the
 * server keeps the rules about connections on both doors: it paces them, holds refusals back, and ends a connection
 * whose body was not read. Without a server of our own there are none.
 */
export class FrontedCalls {
  readonly #calls = new Map<string, Fronted>();

  /** The returned function ends it. */
  add(requestId: string, call: Fronted): () => void {
    this.#calls.set(requestId, call);
    return () => void this.#calls.delete(requestId);
  }

  get(requestId: string): Fronted | null {
    return this.#calls.get(requestId) ?? null;
  }
}
