import { type ToolCall, ToolPieces } from "../../forms/tool-pieces";
import { isObject, listOf, member, parseObject, textOf } from "../../json/object";
import { eventText } from "../../stream-meter";
import type { ToolNames } from "../identity";
import { type KnownTokens, usageToAnthropic } from "./answers";
import { BlockQueue } from "./block-queue";
import { stopReason } from "./stop-reasons";
import { wordsOf } from "./text-of-parts";

type Options = {
  readonly model: string;
  readonly names: ToolNames;
  /** Whether the caller asked for thinking, and so knows such blocks. */
  readonly showsThinking: boolean;
  /** Token counts known here: the input before a report, and both without one. */
  known(): KnownTokens;
};

/** A message before its first block. */
function emptyMessage(id: string, model: string, inputTokens: number) {
  return {
    id: `msg_${id}`,
    type: "message",
    role: "assistant",
    model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage: usageToAnthropic(null, { inputTokens, outputTokens: 0 }),
  };
}

/**
 * Chunks of a chat completion, one at a time, as Anthropic's stream events. There, blocks come one after the other, so
 * pieces of a block wait while another is open. Usage comes last here and first there: the start has the estimate, the
 * end has the reported usage.
 */
export function streamToMessages(options: Options): (data: string) => string {
  const { names, showsThinking } = options;
  const event = (type: string, value: object) => eventText(JSON.stringify({ type, ...value }), type);
  const blocks = new BlockQueue(event);
  const tools = new ToolPieces();
  let hasStarted = false;
  let refuses = false;
  let finish: unknown = null;
  let usage: unknown = null;

  function start(id: string): string {
    if (hasStarted) return "";
    hasStarted = true;
    const { inputTokens } = options.known();
    return event("message_start", { message: emptyMessage(id, options.model, inputTokens) });
  }

  function toolPiece(value: unknown): string {
    const { call, args } = tools.take(value);
    return blocks.tool(call, args, () => toolBlock(call));
  }

  /** null: its name is missing, and the block begins with it */
  function toolBlock(call: ToolCall): object | null {
    if (call.name === "") return null;
    return { type: "tool_use", id: call.id || `toolu_${call.order}`, name: names.back(call.name), input: {} };
  }

  function end(): string {
    const opening = start("");
    const rest = blocks.finish();
    const shape = { callsTools: tools.calls.length > 0, refuses };
    const delta = { stop_reason: stopReason(finish, shape), stop_sequence: null };
    const totals = usageToAnthropic(usage, options.known());
    return `${opening}${rest}${event("message_delta", { delta, usage: totals })}${event("message_stop", {})}`;
  }

  return (data) => {
    if (data === "[DONE]") return end();
    const chunk = parseObject(data);
    if (chunk === null) return "";
    if (isObject(chunk.usage)) usage = chunk.usage;
    const [choice] = listOf(chunk.choices);
    // Chunks without a choice may come before the answer's name.
    if (choice === undefined) return "";
    finish = member(choice, "finish_reason") ?? finish;
    const delta = member(choice, "delta") ?? member(choice, "message");
    const { text, thinking, refusal } = wordsOf(delta);
    refuses ||= refusal !== "";
    const legacy = member(delta, "function_call");
    const pieces = isObject(legacy) ? [{ function: legacy }] : listOf(member(delta, "tool_calls"));
    return [
      start(textOf(chunk.id)),
      showsThinking ? blocks.words("thinking", thinking) : "",
      blocks.words("text", text + refusal),
      ...pieces.map(toolPiece),
    ].join("");
  };
}
