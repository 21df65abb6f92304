import type { Usage } from "@/lib/money/usage";
import { countPiece, countWritten } from "../counting/output-tokens";
import { isObject, member, parseObject, textOf } from "../json/object";
import { eventText, meterEvents, type Passed, type StreamMeter } from "../stream-meter";
import { tokenCount, usesOf } from "../usage";
import { AnthropicUsage } from "./usage";

/**
 * Meters a stream of Anthropic messages: events pass through as they came, with the asked model's name. Input usage comes
 * at the start; while content flows, what was counted is the floor of the output, as the final number comes last.
 */
export function meterMessagesStream(options: { model: string; outputBytesMax: number }): StreamMeter {
  const usage = new AnthropicUsage();
  let counted = 0;
  let searches = 0;
  let isFinal = false;

  function read(event: { readonly event?: string | undefined; readonly data: string }): Passed {
    const value = parseObject(event.data);
    if (value === null || typeof value.type !== "string") return { out: "", end: "protocol_error" };
    const out = eventText(event.data, value.type);
    switch (value.type) {
      case "error":
        return { out: "", end: "upstream_error" };
      case "message_start": {
        usage.take(member(value.message, "usage"));
        if (!isObject(value.message)) return { out };
        const renamed = { ...value, message: { ...value.message, model: options.model } };
        return { out: eventText(JSON.stringify(renamed), value.type) };
      }
      case "content_block_start":
        counted += countWritten(value.content_block, countPiece);
        if (isSearch(value.content_block)) searches += 1;
        return { out };
      case "content_block_delta":
        counted += countWritten(value.delta, countPiece);
        return { out };
      case "message_delta":
        usage.take(value.usage);
        isFinal ||= tokenCount(member(value.usage, "output_tokens")) !== undefined;
        return { out };
      case "message_stop":
        return { out, end: "done" };
      default:
        return { out };
    }
  }

  function soFar(): Usage | null {
    const reported = usage.usage();
    if (reported === null || isFinal) return reported;
    const uses = searches === 0 ? {} : { uses: usesOf(reported.uses, { web_search: searches }) };
    return { ...reported, ...uses, outputTokens: Math.max(reported.outputTokens, counted) };
  }

  return meterEvents({
    outputBytesMax: options.outputBytesMax,
    read,
    reading: () => ({ reported: soFar(), isPartial: !isFinal, countedOutputTokens: counted, hasContent: counted > 0 }),
  });
}

function isSearch(block: unknown): boolean {
  return member(block, "type") === "server_tool_use" && textOf(member(block, "name")) === "web_search";
}
