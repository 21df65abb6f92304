import type { Usage } from "@/lib/money/usage";
import { countPiece, countWritten } from "../counting/output-tokens";
import { saidIn } from "../faults/said";
import { isObject, member, parseObject, textOf } from "../json/object";
import { type MadeThing, madeByMessage } from "../open/made-things";
import { eventText, meterEvents, type Passed, type StreamEvent, type StreamMeter } from "../stream-meter";
import { tokenCount, usesOf } from "../usage";
import { anthropicErrorFrame } from "./error";
import { AnthropicUsage } from "./usage";

/**
 * Meters a stream of Anthropic messages: events pass unchanged, except for the asked model's name. Input usage comes at
 * the start. While content flows, the counted tokens are the floor of the output, as the final number comes last.
 * `isKept` = the provider keeps the message, as a part of a thread.
 */
export function meterMessagesStream(options: { model: string; outputBytesMax: number; isKept?: boolean }): StreamMeter {
  const usage = new AnthropicUsage();
  let counted = 0;
  let searches = 0;
  let isFinal = false;
  let hasStopped = false;
  let answerId: string | undefined;
  let made: readonly MadeThing[] = [];
  const stopped: Passed = { out: eventText('{"type":"message_stop"}', "message_stop"), end: "done" };

  function read({ event, data }: StreamEvent): Passed {
    // Some compatible servers end a stream as OpenAI does.
    if (data.trim() === "[DONE]") return hasStopped ? stopped : { out: "" };
    const value = parseObject(data);
    if (value === null) return hasStopped ? { out: "" } : { out: "", end: "protocol_error" };
    const fault = saidIn(value, event === "error");
    if (fault !== null) return { out: "", end: "upstream_error", fault };
    const type = textOf(value.type) || event;
    if (type === undefined) return { out: "", end: "protocol_error" };
    const out = eventText(data, type);
    switch (type) {
      case "message_start": {
        usage.take(member(value.message, "usage"));
        if (!isObject(value.message)) return { out };
        made = madeByMessage(value.message);
        if (options.isKept === true && typeof value.message.id === "string") answerId = value.message.id;
        const renamed = { ...value, message: { ...value.message, model: options.model } };
        return { out: eventText(JSON.stringify(renamed), type) };
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
        if (made.length === 0) made = madeByMessage(value.delta);
        isFinal ||= tokenCount(member(value.usage, "output_tokens")) !== undefined;
        hasStopped ||= typeof member(value.delta, "stop_reason") === "string";
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
    // The stop reason ends an answer; only its last event is missing.
    atEnd: () => (hasStopped ? stopped : { out: "" }),
    broken: anthropicErrorFrame,
    reading: () => {
      const hasContent = counted > 0;
      return { reported: soFar(), isPartial: !isFinal, countedOutputTokens: counted, hasContent, answerId, made };
    },
  });
}

function isSearch(block: unknown): boolean {
  return member(block, "type") === "server_tool_use" && textOf(member(block, "name")) === "web_search";
}
