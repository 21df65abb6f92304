import type { Dispatcher } from "undici";
import type { StopSignal } from "@/lib/stopper";

/** With this many unread bytes, reading from the provider's socket pauses. */
const WAITING_BYTES_MAX = 64 * 1024;

type Headers = Readonly<Record<string, string | string[] | undefined>>;
type Next = IteratorResult<Uint8Array, undefined>;

/**
 * One exchange with a provider through undici's callbacks: its beginning, then its body chunk by chunk. A Node stream
 * with undici's own body on top cost more than all other work on an answer. Invariant: `onBegun` or `onFailed` is
 * called once. The holder reads a body to its end or destroys it, or it keeps its connection.
 */
export class Answer implements Dispatcher.DispatchHandler, AsyncIterableIterator<Uint8Array, undefined> {
  readonly #signal: StopSignal;
  readonly #onSent: () => void;
  readonly #onBegun: (status: number, headers: Headers) => void;
  readonly #onFailed: (error: unknown) => void;
  readonly #onAbort = () => this.#stop(this.#signal.reason);
  #controller: Dispatcher.DispatchController | null = null;
  #hasBegun = false;
  #chunks: Uint8Array[] = [];
  #waitingBytes = 0;
  #reader: { resolve: (next: Next) => void; reject: (error: unknown) => void } | null = null;
  #end: { readonly error: unknown } | "complete" | null = null;

  constructor(input: {
    signal: StopSignal;
    /** its first byte is about to be sent on an open connection */
    onSent: () => void;
    onBegun: (status: number, headers: Headers) => void;
    onFailed: (error: unknown) => void;
  }) {
    this.#signal = input.signal;
    this.#onSent = input.onSent;
    this.#onBegun = input.onBegun;
    this.#onFailed = input.onFailed;
    if (this.#signal.aborted) this.#stop(this.#signal.reason);
    else this.#signal.addEventListener("abort", this.#onAbort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#end === null) this.#onSent();
    else controller.abort(given());
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    // 1xx: the answer itself comes later.
    if (status < 200 || this.#hasBegun || this.#end !== null) return;
    this.#hasBegun = true;
    this.#onBegun(status, headers);
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#end !== null) return;
    const reader = this.#reader;
    if (reader !== null) {
      this.#reader = null;
      reader.resolve({ done: false, value: chunk });
      return;
    }
    this.#chunks.push(chunk);
    this.#waitingBytes += chunk.byteLength;
    if (this.#waitingBytes >= WAITING_BYTES_MAX) controller.pause();
  }

  onResponseEnd(): void {
    this.#over("complete");
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: unknown): void {
    this.#over({ error });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Next> {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) {
      this.#waitingBytes -= chunk.byteLength;
      if (this.#controller?.paused === true && this.#waitingBytes < WAITING_BYTES_MAX) this.#controller.resume();
      return Promise.resolve({ done: false, value: chunk });
    }
    if (this.#end === "complete") return Promise.resolve(DONE);
    if (this.#end !== null) return Promise.reject(this.#end.error);
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  return(): Promise<Next> {
    this.destroy();
    return Promise.resolve(DONE);
  }

  /** Drops all unread bytes and closes the connection. May be called at any time, and twice. */
  destroy(): void {
    this.#chunks = [];
    this.#stop(given());
  }

  #stop(reason: unknown): void {
    if (this.#end !== null) return;
    this.#chunks = [];
    this.#over({ error: reason });
    this.#controller?.abort(reason instanceof Error ? reason : given());
  }

  #over(end: { readonly error: unknown } | "complete"): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#signal.removeEventListener("abort", this.#onAbort);
    if (!this.#hasBegun) this.#onFailed(end === "complete" ? new Error("an answer without a beginning") : end.error);
    const reader = this.#reader;
    this.#reader = null;
    if (end === "complete") reader?.resolve(DONE);
    else reader?.reject(end.error);
  }
}

const DONE: Next = { done: true, value: undefined };

function given(): Error {
  return new Error("the answer was given up");
}
