import { isObject, listOf, member, parseBody, parseObject, textOf } from "../json/object";
import { eventText, meterEvents, type Passed, type StreamMeter } from "../stream-meter";
import { countPiece, type MeteredBody, tokenCount, type Usage } from "../usage";

/** Usage of OpenAI's Responses; null when it is missing or not believable. */
export function responsesUsage(value: unknown): Usage | null {
  if (!isObject(value)) return null;
  const inputTokens = tokenCount(value.input_tokens);
  const outputTokens = tokenCount(value.output_tokens);
  if (inputTokens === undefined || outputTokens === undefined) return null;
  const cached = tokenCount(member(value.input_tokens_details, "cached_tokens")) ?? 0;
  return { inputTokens, outputTokens, cachedInputTokens: Math.min(cached, inputTokens) };
}

/** A whole response: the caller's bytes (with the asked model's name) and what it used; null when it is none. */
export function meterResponse(bytes: Uint8Array, model: string): MeteredBody | null {
  const value = parseBody(bytes);
  if (value === null || !Array.isArray(value.output)) return null;
  const counted = listOf(value.output).reduce<number>((sum, item) => sum + countItem(item), 0);
  const reported = responsesUsage(value.usage);
  return { body: { ...value, model }, reading: { reported, countedOutputTokens: counted, hasContent: true } };
}

/** Words, reasoning, and the arguments of tools. */
function countItem(item: unknown): number {
  if (!isObject(item)) return 0;
  const parts = [...listOf(item.content), ...listOf(item.summary)].map((part) => textOf(member(part, "text")));
  return [...parts, textOf(item.arguments)].reduce((sum, piece) => sum + countPiece(piece), 0);
}

const LAST: ReadonlySet<string> = new Set(["response.completed", "response.incomplete"]);

/** Meters a stream of response events; usage comes with the last of them. There is no `[DONE]`. */
export function meterResponsesStream(options: { model: string; outputBytesMax: number }): StreamMeter {
  let reported: Usage | null = null;
  let counted = 0;

  function read(event: { readonly event?: string | undefined; readonly data: string }): Passed {
    const value = parseObject(event.data);
    if (value === null || typeof value.type !== "string") return { out: "", end: "protocol_error" };
    const { type, response } = value;
    if (type === "error" || type === "response.failed") return { out: "", end: "upstream_error" };
    if (type.endsWith(".delta")) counted += countPiece(textOf(value.delta));
    if (!isObject(response)) return { out: eventText(event.data, type) };
    reported = responsesUsage(response.usage) ?? reported;
    const out = eventText(JSON.stringify({ ...value, response: { ...response, model: options.model } }), type);
    return LAST.has(type) ? { out, end: "done" } : { out };
  }

  return meterEvents({
    outputBytesMax: options.outputBytesMax,
    read,
    reading: () => ({ reported, countedOutputTokens: counted, hasContent: counted > 0 }),
  });
}
