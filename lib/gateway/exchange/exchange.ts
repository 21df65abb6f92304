import type { StopSignal } from "@/lib/stopper";
import { exactNumbers } from "@/lib/wire/json/exact-numbers";
import type { BodySource } from "../bounds/body-source";

/** One HTTP request as the gateway sees it, whichever door it came through. */
export type Exchange = {
  readonly requestId: string;
  readonly method: string;
  /** Without the query; never decoded, never normalised. */
  readonly path: string;
  readonly query: string;
  /** Value of a header, by lower-case name; doubles are refused at the door. */
  header(name: string): string | undefined;
  /** All of them, by lower-case name. */
  headers(): Iterable<readonly [name: string, value: string]>;
  /** Hands on the body chunk by chunk; called at most once, and only after the key is known. */
  readonly body: BodySource;
  readonly clientAddress: string;
  /** Aborts when the client has gone, or reads nothing for too long. */
  readonly signal: StopSignal;
};

/** The answer, before any door has turned it into bytes on a socket. */
export type Reply = {
  readonly status: number;
  /**
   * Its own: who hands the answer on adds to them. Copies with a member more would cost a call 100 µs, as V8 makes a new
   * shape for each member behind a spread.
   */
  readonly headers: Record<string, string>;
  /** A stream is pulled chunk by chunk; a door that stops early must call `return()` on its iterator. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
};

/** `headers` become those of the answer. */
export function jsonReply(status: number, value: unknown, headers: Record<string, string> = {}): Reply {
  const body = Buffer.from(exactNumbers(JSON.stringify(value)));
  headers["content-type"] ??= "application/json; charset=utf-8";
  return { status, headers, body };
}

/** Puts headers into those of an answer; they win. */
export function putHeaders(into: Record<string, string>, more: Readonly<Record<string, string>>): void {
  for (const name in more) {
    const value = more[name];
    if (value !== undefined) into[name] = value;
  }
}
