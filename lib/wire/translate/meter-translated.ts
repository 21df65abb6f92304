import { createParser } from "eventsource-parser";
import type { StreamMeter } from "../stream-meter";

/** A meter whose events leave in another dialect: what the provider's own meter lets through, event by event. */
export function meterTranslated(meter: StreamMeter, translate: (data: string) => string): StreamMeter {
  let out = "";
  const decoder = new TextDecoder("utf-8");
  const parser = createParser({
    onEvent: ({ data }) => {
      out += translate(data);
    },
  });
  return {
    feed(chunk) {
      out = "";
      parser.feed(decoder.decode(meter.feed(chunk), { stream: true }));
      return encoder.encode(out);
    },
    end: meter.end,
    isOver: meter.isOver,
    reading: meter.reading,
  };
}

const encoder = new TextEncoder();
