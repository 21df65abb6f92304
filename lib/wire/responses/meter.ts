import { NO_USAGE, type Usage } from "@/lib/money/usage";
import { countPiece, countText, countWritten } from "../counting/output-tokens";
import { saidIn } from "../faults/said";
import { withoutSecrets } from "../faults/without-secrets";
import { exactNumbers, markedNumbers } from "../json/exact-numbers";
import { isObject, parseBody, parseObject, textOf } from "../json/object";
import { madeByResponse } from "../open/made-things";
import { eventText, meterEvents, type Passed, type StreamEvent, type StreamMeter } from "../stream-meter";
import { type MeteredBody, wholeReading } from "../usage";
import { responsesErrorFrames } from "./error";
import { responseUsage, seenIn, usesIn } from "./usage";

/** A whole response: the caller's bytes (with the asked model's name) and what it used; null when it is not a response. */
export function meterResponse(bytes: Uint8Array, model: string): MeteredBody | null {
  const value = parseBody(bytes);
  if (value === null || !Array.isArray(value.output)) return null;
  const made = madeByResponse(value, value.output);
  const read = { reported: responseUsage(value), seen: seenIn(value), answerId: keptAs(value), made };
  const reading = wholeReading(read, () => countWritten(value.output, countText));
  return { body: { ...value, model }, reading };
}

/** A provider's answer about a response that it keeps. The response was billed when it was made. */
export function meterKept(bytes: Uint8Array, model: string): MeteredBody | null {
  const value = parseBody(bytes);
  if (value === null) return null;
  const reading = { reported: NO_USAGE, countedOutputTokens: 0, hasContent: true };
  return { body: "model" in value ? { ...value, model } : value, reading };
}

const LAST: ReadonlySet<string> = new Set(["response.completed", "response.incomplete"]);

const FAILED: ReadonlySet<string> = new Set(["response.failed", "response.cancelled"]);
const ITEMS_MAX = 10_000;

/** Meters a stream of response events; the last one has the usage. There is no `[DONE]`. */
export function meterResponsesStream(options: { model: string; outputBytesMax: number }): StreamMeter {
  let reported: Usage | null = null;
  let counted = 0;
  const items: unknown[] = [];
  let sequence = -1;
  let known: Record<string, unknown> = { model: options.model };
  let isTold = false;

  function read({ event, data }: StreamEvent): Passed {
    if (data.trim() === "[DONE]") return { out: "" };
    const value = parseObject(markedNumbers(data));
    if (value === null) return { out: "", end: "protocol_error" };
    const { response } = value;
    if (typeof value.sequence_number === "number") sequence = Math.max(sequence, value.sequence_number);
    if (isObject(response)) {
      // A failed response's usage is billed too.
      reported = responseUsage(response) ?? reported;
      known = { ...response, model: options.model };
    }
    const fault = saidIn(value, event === "error");
    if (fault !== null) return { out: "", end: "upstream_error", fault };
    const type = textOf(value.type) || event;
    if (type === undefined) return { out: "", end: "protocol_error" };
    if (type.endsWith(".delta")) counted += countWritten(value.delta, countPiece);
    if (type === "response.output_item.done" && items.length < ITEMS_MAX) items.push(value.item);
    if (!isObject(response)) return { out: eventText(data, type) };
    if (FAILED.has(type)) return failed(value, type);
    const out = eventText(exactNumbers(JSON.stringify({ ...value, response: known })), type);
    return LAST.has(type) ? { out, end: "done" } : { out };
  }

  /** The provider's own last event passes, without secrets in its message. */
  function failed(value: Record<string, unknown>, type: string): Passed {
    isTold = true;
    const fault = saidIn(known) ?? saidIn(known, true);
    const { error } = known;
    const shown = isObject(error) ? { ...error, message: withoutSecrets(textOf(error.message)) } : (error ?? null);
    const written = JSON.stringify({ ...value, response: { ...known, error: shown } });
    const out = eventText(exactNumbers(written), type);
    return { out, end: "upstream_error", ...(fault === null ? {} : { fault }) };
  }

  return meterEvents({
    outputBytesMax: options.outputBytesMax,
    read,
    broken: (answer) =>
      isTold ? "" : exactNumbers(responsesErrorFrames(answer, { sequence: sequence + 1, response: known })),
    reading: () => ({
      reported,
      countedOutputTokens: counted,
      hasContent: counted > 0,
      seen: { uses: usesIn(items) },
      answerId: keptAs(known),
      made: madeByResponse(known, items),
    }),
  });
}

/** The id of a response that its provider keeps. Nobody can ask for a response that is not to be stored. */
function keptAs({ id, store }: Readonly<Record<string, unknown>>): string | undefined {
  return store !== false && typeof id === "string" && ANSWER_ID.test(id) ? id : undefined;
}

const ANSWER_ID = /^[\w-]{1,128}$/;
