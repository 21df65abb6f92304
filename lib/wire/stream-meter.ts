import { isAscii } from "node:buffer";
import { createParser } from "eventsource-parser";
import type { ErrorAnswer } from "./error-answer";
import type { Said } from "./faults/said";
import type { Reading } from "./usage";

/** How the upstream's stream ended by itself. */
export type StreamEnd = "done" | "cut" | "protocol_error" | "too_large" | "upstream_error";

export type StreamMeter = {
  /** Client bytes for one upstream chunk; empty when it completed no event. */
  feed(chunk: Uint8Array): Uint8Array;
  /** The upstream's stream is over: client bytes for its unfinished rest. Called at most once. */
  close(): Uint8Array;
  /** The stream's outcome so far; "cut" until it is known to be more. */
  end(): StreamEnd;
  /** True once nothing more may be sent: finished, broken, or over its byte cap. */
  isOver(): boolean;
  reading(): Reading;
  /** The provider's own report of an error; null when there is none. */
  fault(): Said | null;
  /** Ends the caller's stream with an error; empty when the caller has already read the end. */
  broken(answer: ErrorAnswer): string;
};

/** One event as received. */
export type StreamEvent = { readonly event?: string | undefined; readonly data: string };

/** The result of one event: text for the caller, and whether it was the last. */
export type Passed = {
  readonly out: string;
  readonly end?: StreamEnd;
  /** with the end "upstream_error": the provider's report */
  readonly fault?: Said;
};

/**
 * A meter over server-sent events (WHATWG HTML, 9.2). Synchronous and pull-driven: the caller feeds one chunk, sends
 * the result, then asks for the next. Comments and events without data pass as comments, as they are signs of life. An
 * event above 16 MiB, or more bytes in all than the answer may have, is not an answer.
 */
export function meterEvents(options: {
  outputBytesMax: number;
  read(event: StreamEvent): Passed;
  /** The outcome of a stream that closed without an end event. Absent = it was cut. */
  atEnd?(): Passed;
  reading(): Reading;
  broken(answer: ErrorAnswer): string;
}): StreamMeter {
  let end: StreamEnd | null = null;
  let fault: Said | null = null;
  let isClosing = false;
  let bytesSinceEvent = 0;
  let bytesTotal = 0;
  let out = "";
  const incoming = new Incoming();

  function take(event: StreamEvent): void {
    bytesSinceEvent = 0;
    if (end !== null) return;
    if (event.data.trim() === "") {
      out += commentText("");
      return;
    }
    const passed = options.read(event);
    // The last event may be incomplete: that is a cut, not a protocol error.
    if (isClosing && passed.end === "protocol_error") return;
    out += passed.out;
    end = passed.end ?? null;
    fault = passed.fault ?? fault;
  }

  const parser = createParser({
    onEvent: take,
    onComment(comment) {
      bytesSinceEvent = 0;
      if (end === null) out += commentText(comment);
    },
    // Some servers write an event without `data:` before it.
    onError({ line }) {
      if (line?.trimStart().startsWith("{")) take({ data: line });
    },
  });

  return {
    feed(chunk) {
      out = "";
      bytesSinceEvent += chunk.byteLength;
      bytesTotal += chunk.byteLength;
      const text = incoming.textOf(chunk);
      parser.feed(text);
      const isTooMuch = bytesSinceEvent > EVENT_BYTES_MAX || bytesTotal > options.outputBytesMax;
      if (end === null && isTooMuch) end = "too_large";
      // Most chunks are whole, unchanged events: their bytes are passed on as they came.
      return out === text && incoming.isAsItCame ? chunk : encoder.encode(out);
    },
    close() {
      out = "";
      isClosing = true;
      parser.feed(`${incoming.rest()}\n\n`);
      if (end === null && options.atEnd !== undefined) {
        const passed = options.atEnd();
        out += passed.out;
        end = passed.end ?? null;
      }
      return encoder.encode(out);
    },
    end: () => end ?? "cut",
    isOver: () => end !== null,
    reading: options.reading,
    fault: () => fault,
    broken: options.broken,
  };
}

/**
 * The text of chunks that may end within a character. A chunk of ASCII only, as most are, needs no decoder: calling one
 * takes as long as reading the event.
 */
class Incoming {
  // The byte order mark is removed here: the decoder may not see the beginning.
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #hasBegun = false;
  /** whether the decoder may hold the beginning of a character */
  #isWithin = false;
  /** Whether the last text has exactly the bytes of its chunk. */
  isAsItCame = false;

  textOf(chunk: Uint8Array): string {
    this.isAsItCame = !this.#isWithin && isAscii(chunk);
    if (this.isAsItCame) {
      this.#hasBegun ||= chunk.byteLength > 0;
      return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("latin1");
    }
    this.#isWithin = (chunk.at(-1) ?? BEYOND_ASCII) >= BEYOND_ASCII;
    return this.#begun(this.#decoder.decode(chunk, { stream: true }));
  }

  rest(): string {
    return this.#begun(this.#decoder.decode());
  }

  #begun(text: string): string {
    if (this.#hasBegun || text === "") return text;
    this.#hasBegun = true;
    return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  }
}

const BEYOND_ASCII = 0x80;
const BYTE_ORDER_MARK = "\ufeff";

/** One event to send. Anthropic's clients skip events without a name; OpenAI's chat has none. */
export function eventText(data: string, name?: string): string {
  // Each line of data needs its own field.
  const lines = data.includes("\n") ? data.replaceAll("\n", "\ndata: ") : data;
  return name === undefined ? `data: ${lines}\n\n` : `event: ${name}\ndata: ${lines}\n\n`;
}

/** A sign of life that no client reads as an event. */
export function commentText(comment: string): string {
  return `:${comment === "" ? "" : ` ${comment}`}\n\n`;
}

const encoder = new TextEncoder();
const EVENT_BYTES_MAX = 16 * 1024 * 1024;
