import { isObject, parseObject } from "../json/object";
import { eventText, meterEvents, type Passed, type StreamMeter } from "../stream-meter";
import { countPiece, type Usage } from "../usage";
import { openaiUsage } from "./usage";

/**
 * Meters an OpenAI chat stream: events pass through as they came, minus the usage that the caller did not ask for
 * (an extra chunk with empty choices crashes the common client loop), and with the asked model's name.
 */
export function meterChatStream(options: { wantsUsage: boolean; model: string; outputBytesMax: number }): StreamMeter {
  let reported: Usage | null = null;
  let counted = 0;

  function read(data: string): Passed {
    if (data === "[DONE]") return { out: eventText(data), end: "done" };
    const chunk = parseObject(data);
    if (chunk === null) return { out: "", end: "protocol_error" };
    if (isObject(chunk.error)) return { out: "", end: "upstream_error" };
    return { out: pass(chunk, data) };
  }

  function pass(chunk: Record<string, unknown>, original: string): string {
    counted += countChunk(chunk);
    reported = laterOf(reported, openaiUsage(chunk.usage));
    const isUsageOnly = Array.isArray(chunk.choices) && chunk.choices.length === 0 && isObject(chunk.usage);
    if (isUsageOnly && !options.wantsUsage) return "";
    // Running usage of continuous reporters is ours alone; only the last chunk's belongs to the caller.
    const hidesUsage = "usage" in chunk && !isUsageOnly;
    if (!hidesUsage && chunk.model === options.model) return eventText(original);
    const { usage: _usage, ...rest } = chunk;
    const kept = hidesUsage ? rest : chunk;
    return eventText(JSON.stringify("model" in chunk ? { ...kept, model: options.model } : kept));
  }

  return meterEvents({
    outputBytesMax: options.outputBytesMax,
    read: ({ data }) => read(data),
    reading: () => ({ reported, countedOutputTokens: counted, hasContent: counted > 0 }),
  });
}

/** Running usage only grows; the final one wins because it comes last. A report that shrinks is not believed. */
function laterOf(known: Usage | null, next: Usage | null): Usage | null {
  if (next === null) return known;
  return known !== null && next.outputTokens < known.outputTokens ? known : next;
}

function countChunk(chunk: Record<string, unknown>): number {
  if (!Array.isArray(chunk.choices)) return 0;
  return chunk.choices.reduce<number>((sum, choice) => sum + countDelta(isObject(choice) ? choice.delta : null), 0);
}

/** Everything the provider bills as output: text, reasoning, refusals, and the arguments of tool calls. */
function countDelta(delta: unknown): number {
  if (!isObject(delta)) return 0;
  const texts = [delta.content, delta.reasoning_content, delta.reasoning, delta.refusal];
  const direct = texts.reduce<number>((sum, text) => sum + (typeof text === "string" ? countPiece(text) : 0), 0);
  const calls = Array.isArray(delta.tool_calls) ? delta.tool_calls : [];
  return calls.reduce<number>((sum, call) => {
    const called = isObject(call) && isObject(call.function) ? call.function : {};
    const pieces = [called.name, called.arguments].filter((piece) => typeof piece === "string");
    return sum + pieces.reduce((pieceSum, piece) => pieceSum + countPiece(piece), 0);
  }, direct);
}
