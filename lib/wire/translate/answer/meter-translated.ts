import { createParser } from "eventsource-parser";
import type { ErrorAnswer } from "../../error-answer";
import { commentText, type StreamMeter } from "../../stream-meter";

/**
 * A meter whose events are sent in another dialect: translates what the provider's own meter passes, event by event.
 * Comments pass unchanged; `broken` writes the error of a stream that breaks.
 */
export function meterTranslated(
  meter: StreamMeter,
  translate: (data: string) => string,
  broken: (answer: ErrorAnswer) => string,
): StreamMeter {
  let out = "";
  const decoder = new TextDecoder("utf-8");
  const parser = createParser({
    onEvent: ({ data }) => {
      out += translate(data);
    },
    onComment: (comment) => {
      out += commentText(comment);
    },
  });
  const translated = (bytes: Uint8Array): Uint8Array => {
    out = "";
    parser.feed(decoder.decode(bytes, { stream: true }));
    return encoder.encode(out);
  };
  return {
    feed: (chunk) => translated(meter.feed(chunk)),
    close: () => translated(meter.close()),
    end: meter.end,
    isOver: meter.isOver,
    reading: meter.reading,
    fault: meter.fault,
    broken,
  };
}

const encoder = new TextEncoder();
