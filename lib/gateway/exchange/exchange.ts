import type { StopSignal } from "@/lib/stopper";
import { exactNumbers } from "@/lib/wire/json/exact-numbers";
import type { BodySource } from "../bounds/body-source";

/** One HTTP request as the gateway sees it, from either door. */
export type Exchange = {
  readonly requestId: string;
  readonly method: string;
  /** Without the query. Not decoded, not normalised. */
  readonly path: string;
  readonly query: string;
  /** Value of a header, by lower-case name. The door refuses duplicates. */
  header(name: string): string | undefined;
  /** All of them, by lower-case name. */
  headers(): Iterable<readonly [name: string, value: string]>;
  /** Reads the body chunk by chunk. Called at most once, and only after the key is known. */
  readonly body: BodySource;
  readonly clientAddress: string;
  /** Aborts when the client has gone, or has read nothing for too long. */
  readonly signal: StopSignal;
};

/** The answer, before a door writes it to a socket. */
export type Reply = {
  readonly status: number;
  /**
   * Owned by the answer; later steps add to them. Copies with one more member would cost 100 µs per call, because V8
   * makes a new shape for each member after a spread.
   */
  readonly headers: Record<string, string>;
  /** A stream is pulled chunk by chunk. A door that stops early must call `return()` on its iterator. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
  /** A refusal to a caller that repeats what was refused. Our own server holds it back for a moment. */
  readonly isRepeated?: true;
};

/** `headers` become those of the answer. */
export function jsonReply(status: number, value: unknown, headers: Record<string, string> = {}): Reply {
  const body = Buffer.from(exactNumbers(JSON.stringify(value)));
  headers["content-type"] ??= "application/json; charset=utf-8";
  return { status, headers, body };
}

/** Adds headers to an answer and replaces existing ones. */
export function putHeaders(into: Record<string, string>, more: Readonly<Record<string, string>>): void {
  for (const name in more) {
    const value = more[name];
    if (value !== undefined) into[name] = value;
  }
}
