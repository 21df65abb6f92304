import { exactNumbers } from "@/lib/exact-numbers";
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
  readonly signal: AbortSignal;
};

/** The answer, before any door has turned it into bytes on a socket. */
export type Reply = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** A stream is pulled chunk by chunk; a door that stops early must call `return()` on its iterator. */
  readonly body: Uint8Array | AsyncIterable<Uint8Array>;
};

export function jsonReply(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  const body = new TextEncoder().encode(exactNumbers(JSON.stringify(value)));
  return { status, headers: { "content-type": "application/json; charset=utf-8", ...headers }, body };
}
