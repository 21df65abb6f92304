import type { Usage } from "@/lib/money/usage";
import { countPiece, countText, countWritten } from "../counting/output-tokens";
import { isObject, parseBody, parseObject } from "../json/object";
import { eventText, meterEvents, type Passed, type StreamMeter } from "../stream-meter";
import type { MeteredBody } from "../usage";
import { responseUsage, seenIn, usesIn } from "./usage";

/** A whole response: the caller's bytes (with the asked model's name) and what it used; null when it is none. */
export function meterResponse(bytes: Uint8Array, model: string): MeteredBody | null {
  const value = parseBody(bytes);
  if (value === null || !Array.isArray(value.output)) return null;
  const reading = {
    ...{ reported: responseUsage(value), countedOutputTokens: countWritten(value.output, countText) },
    ...{ isCountedByText: true as const, hasContent: true, seen: seenIn(value) },
  };
  return { body: { ...value, model }, reading };
}

const LAST: ReadonlySet<string> = new Set(["response.completed", "response.incomplete"]);

const ITEMS_MAX = 10_000;

/** Meters a stream of response events; usage comes with the last of them. There is no `[DONE]`. */
export function meterResponsesStream(options: { model: string; outputBytesMax: number }): StreamMeter {
  let reported: Usage | null = null;
  let counted = 0;
  const items: unknown[] = [];

  function read(event: { readonly event?: string | undefined; readonly data: string }): Passed {
    const value = parseObject(event.data);
    if (value === null || typeof value.type !== "string") return { out: "", end: "protocol_error" };
    const { type, response } = value;
    // What a failed response has used is billed as well.
    if (isObject(response)) reported = responseUsage(response) ?? reported;
    if (type === "error" || type === "response.failed") return { out: "", end: "upstream_error" };
    if (type.endsWith(".delta")) counted += countWritten(value.delta, countPiece);
    if (type === "response.output_item.done" && items.length < ITEMS_MAX) items.push(value.item);
    if (!isObject(response)) return { out: eventText(event.data, type) };
    const out = eventText(JSON.stringify({ ...value, response: { ...response, model: options.model } }), type);
    return LAST.has(type) ? { out, end: "done" } : { out };
  }

  return meterEvents({
    outputBytesMax: options.outputBytesMax,
    read,
    reading: () => ({
      ...{ reported, countedOutputTokens: counted, hasContent: counted > 0, seen: { uses: usesIn(items) } },
    }),
  });
}
