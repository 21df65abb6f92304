import { createParser } from "eventsource-parser";
import type { Reading } from "./usage";

/** How the upstream's stream ended, when it ended by itself. */
export type StreamEnd = "done" | "cut" | "protocol_error" | "upstream_error";

export type StreamMeter = {
  /** Client bytes for one upstream chunk; empty when it completed no event. */
  feed(chunk: Uint8Array): Uint8Array;
  /** What the stream has come to so far; "cut" until it is known to be more. */
  end(): StreamEnd;
  /** True once nothing more may be sent: finished, broken, or over its byte cap. */
  isOver(): boolean;
  reading(): Reading;
};

/** What one event turns into: text for the caller, and whether it was the last. */
export type Passed = { readonly out: string; readonly end?: StreamEnd };

/**
 * A meter over server-sent events. Synchronous and pull-driven: the caller feeds one chunk, sends what comes back, then
 * asks for the next. An event larger than a megabyte, or more bytes in all than the answer may have, is no answer.
 */
export function meterEvents(options: {
  outputBytesMax: number;
  read(event: { readonly event?: string | undefined; readonly data: string }): Passed;
  reading(): Reading;
}): StreamMeter {
  let end: StreamEnd | null = null;
  let bytesSinceEvent = 0;
  let bytesTotal = 0;
  let out = "";
  const decoder = new TextDecoder("utf-8");
  const parser = createParser({
    onEvent(event) {
      bytesSinceEvent = 0;
      if (end !== null) return;
      const passed = options.read(event);
      out += passed.out;
      end = passed.end ?? null;
    },
  });
  return {
    feed(chunk) {
      out = "";
      bytesSinceEvent += chunk.byteLength;
      bytesTotal += chunk.byteLength;
      parser.feed(decoder.decode(chunk, { stream: true }));
      const isTooMuch = bytesSinceEvent > EVENT_BYTES_MAX || bytesTotal > options.outputBytesMax;
      if (end === null && isTooMuch) end = "protocol_error";
      return encoder.encode(out);
    },
    end: () => end ?? "cut",
    isOver: () => end !== null,
    reading: options.reading,
  };
}

/** One event as it goes out; Anthropic's clients skip those without a name, OpenAI's chat has none. */
export function eventText(data: string, name?: string): string {
  return name === undefined ? `data: ${data}\n\n` : `event: ${name}\ndata: ${data}\n\n`;
}

const encoder = new TextEncoder();
const EVENT_BYTES_MAX = 1024 * 1024;
