import type { Usage } from "@/lib/money/usage";
import type { Call } from "../call";
import { countPiece, countWritten } from "../counting/output-tokens";
import { saidIn } from "../faults/said";
import { isObject, listOf, parseObject, textOf } from "../json/object";
import { openaiErrorFrame } from "../openai/error";
import { openaiUsage } from "../openai/usage";
import { eventText, meterEvents, type Passed, type StreamEvent, type StreamMeter } from "../stream-meter";
import type { Reading } from "../usage";
import { transcriptRead } from "./meter-other";

type Body = Readonly<Record<string, unknown>>;
type Options = { readonly call: Call; readonly outputBytesMax: number };

/** The meaning of an event for the bill. */
type Seen = {
  /** the last one of the stream */
  readonly isLast: boolean;
};

/** Passes events unchanged and looks at each once. A stream that closes after its expected last event is complete. */
function passing(
  outputBytesMax: number,
  { take, hasAll, reading }: { take(type: string, value: Body): Seen; hasAll(): boolean; reading(): Reading },
): StreamMeter {
  function read({ event, data }: StreamEvent): Passed {
    if (data.trim() === "[DONE]") return { out: eventText(data), ...(hasAll() ? { end: "done" as const } : {}) };
    const value = parseObject(data);
    if (value === null) return { out: "", end: "protocol_error" };
    const fault = saidIn(value, event === "error");
    if (fault !== null) return { out: "", end: "upstream_error", fault };
    const { isLast } = take(textOf(value.type) || (event ?? ""), value);
    const out = eventText(data, event);
    return isLast ? { out, end: "done" } : { out };
  }
  const atEnd = (): Passed => (hasAll() ? { out: "", end: "done" } : { out: "" });
  return meterEvents({ outputBytesMax, read, atEnd, reading, broken: openaiErrorFrame });
}

/** Pictures in a stream: bills each finished one, and the tokens that the last one reports. */
export function meterImages({ call, outputBytesMax }: Options): StreamMeter {
  let done = 0;
  let hasBegun = false;
  let usage: Usage | null = null;
  const take = (type: string, value: Body): Seen => {
    hasBegun ||= type.endsWith(".partial_image");
    if (!type.endsWith(".completed")) return { isLast: false };
    done += 1;
    usage = openaiUsage(value.usage) ?? usage;
    return { isLast: done >= call.choices };
  };
  const reading = (): Reading => {
    // A picture with received parts is being made, and is billed.
    const uses = { image: Math.max(done, hasBegun ? 1 : 0) };
    const reported = usage === null ? null : { ...usage, uses: { ...usage.uses, ...uses } };
    return { reported, countedOutputTokens: 0, hasContent: hasBegun || done > 0, seen: { uses } };
  };
  return passing(outputBytesMax, { take, hasAll: () => done > 0, reading });
}

/** A transcript in a stream; its end reports tokens or seconds. Until then, its text is counted. */
export function meterTranscript({ call, outputBytesMax }: Options): StreamMeter {
  let counted = 0;
  let last: Reading | null = null;
  const take = (type: string, value: Body): Seen => {
    if (type.endsWith(".delta")) counted += countWritten(value.delta, countPiece);
    if (type !== "transcript.text.done") return { isLast: false };
    last = transcriptRead(value, call);
    return { isLast: true };
  };
  const reading = (): Reading =>
    last ?? { ...transcriptRead({}, call), countedOutputTokens: counted, hasContent: counted > 0 };
  return passing(outputBytesMax, { take, hasAll: () => last !== null, reading });
}

/** A whole answer as the stream that was asked for: some models always answer whole. */
export const imagesAsEvents = (verb: "image_generation" | "image_edit") => (body: Body) =>
  listOf(body.data)
    .map((picture, at, all) => {
      const usage = at === all.length - 1 ? { usage: body.usage } : {};
      return event({ type: `${verb}.completed`, ...(isObject(picture) ? picture : {}), ...usage });
    })
    .join("");

export function transcriptAsEvents(body: Body): string {
  return event({ type: "transcript.text.done", ...body });
}

function event(value: Body): string {
  return eventText(JSON.stringify(value), textOf(value.type));
}
