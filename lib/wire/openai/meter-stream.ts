import { createParser } from "eventsource-parser";
import { countPiece, type Reading, type Usage } from "../usage";
import { isObject, openaiUsage } from "./usage";

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

/**
 * Meters an OpenAI chat stream: events pass through as they came, minus the usage that the caller did not ask for
 * (an extra chunk with empty choices crashes the common client loop), and with the asked model's name. Synchronous and
 * pull-driven: the caller feeds one chunk, sends what comes back, then asks for the next.
 */
export function meterChatStream(options: { wantsUsage: boolean; model: string; outputBytesMax: number }): StreamMeter {
  let reported: Usage | null = null;
  let counted = 0;
  let end: StreamEnd | null = null;
  let bytesSinceEvent = 0;
  let bytesTotal = 0;
  let out = "";
  const decoder = new TextDecoder("utf-8");

  const parser = createParser({
    onEvent(event) {
      bytesSinceEvent = 0;
      if (end !== null) return;
      if (event.data === "[DONE]") {
        end = "done";
        out += "data: [DONE]\n\n";
        return;
      }
      const chunk = parse(event.data);
      if (chunk === null) end = "protocol_error";
      else if (isObject(chunk.error)) end = "upstream_error";
      else out += pass(chunk, event.data);
    },
  });

  function pass(chunk: Record<string, unknown>, original: string): string {
    counted += countChunk(chunk);
    reported = laterOf(reported, openaiUsage(chunk.usage));
    const isUsageOnly = Array.isArray(chunk.choices) && chunk.choices.length === 0 && isObject(chunk.usage);
    if (isUsageOnly && !options.wantsUsage) return "";
    // Running usage of continuous reporters is ours alone; only the last chunk's belongs to the caller.
    const hidesUsage = "usage" in chunk && !isUsageOnly;
    if (!hidesUsage && chunk.model === options.model) return `data: ${original}\n\n`;
    const { usage: _usage, ...rest } = chunk;
    const kept = hidesUsage ? rest : chunk;
    return `data: ${JSON.stringify("model" in chunk ? { ...kept, model: options.model } : kept)}\n\n`;
  }

  return {
    feed(chunk) {
      out = "";
      bytesSinceEvent += chunk.byteLength;
      bytesTotal += chunk.byteLength;
      parser.feed(decoder.decode(chunk, { stream: true }));
      if (end === null && (bytesSinceEvent > EVENT_BYTES_MAX || bytesTotal > options.outputBytesMax))
        end = "protocol_error";
      return encoder.encode(out);
    },
    end: () => end ?? "cut",
    isOver: () => end !== null,
    reading: () => ({ reported, countedOutputTokens: counted, hasContent: counted > 0 }),
  };
}

const encoder = new TextEncoder();
const EVENT_BYTES_MAX = 1024 * 1024;

function parse(data: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(data);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
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
