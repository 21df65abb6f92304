import { isObject, listOf, member, parseObject, textOf } from "../json/object";
import { eventText } from "../stream-meter";
import { usageToAnthropic } from "./answers";
import { stopReason } from "./stop-reasons";

/**
 * Chunks of a chat completion, one at a time, as Anthropic's stream events. Blocks are opened as content of their kind
 * comes and closed when another begins. Usage comes last over there, so the start says only what is known: nothing.
 */
export function streamToMessages(options: { model: string }): (data: string) => string {
  let hasStarted = false;
  let open: { readonly index: number; readonly tool: number | null } | null = null;
  let blocks = 0;
  let stop = "end_turn";
  let usage: unknown = {};

  const event = (type: string, value: object) => eventText(JSON.stringify({ type, ...value }), type);

  function start(id: string): string {
    if (hasStarted) return "";
    hasStarted = true;
    const message = {
      ...{ id: `msg_${id}`, type: "message", role: "assistant", model: options.model, content: [] },
      ...{ stop_reason: null, stop_sequence: null, usage: usageToAnthropic({}) },
    };
    return event("message_start", { message });
  }

  function close(): string {
    const closing = open === null ? "" : event("content_block_stop", { index: open.index });
    open = null;
    return closing;
  }

  function begin(tool: number | null, block: object): string {
    const closing = close();
    open = { index: blocks, tool };
    blocks += 1;
    return `${closing}${event("content_block_start", { index: open.index, content_block: block })}`;
  }

  function text(piece: string): string {
    if (piece === "") return "";
    const opening = open?.tool === null ? "" : begin(null, { type: "text", text: "" });
    return `${opening}${event("content_block_delta", { index: blocks - 1, delta: { type: "text_delta", text: piece } })}`;
  }

  function toolCall(call: unknown): string {
    const index = Number(member(call, "index") ?? 0);
    const called = member(call, "function");
    const block = { type: "tool_use", id: textOf(member(call, "id")), name: textOf(member(called, "name")), input: {} };
    const opening = open?.tool === index ? "" : begin(index, block);
    const json = textOf(member(called, "arguments"));
    const delta = { type: "input_json_delta", partial_json: json };
    return `${opening}${json === "" ? "" : event("content_block_delta", { index: blocks - 1, delta })}`;
  }

  return (data) => {
    if (data === "[DONE]") {
      const delta = { stop_reason: stop, stop_sequence: null };
      return `${start("")}${close()}${event("message_delta", { delta, usage: usageToAnthropic(usage) })}${event("message_stop", {})}`;
    }
    const chunk = parseObject(data);
    if (chunk === null) return "";
    if (isObject(chunk.usage)) usage = chunk.usage;
    const [choice] = listOf(chunk.choices);
    const delta = member(choice, "delta");
    const reason = member(choice, "finish_reason");
    if (typeof reason === "string") stop = stopReason(reason);
    const said = text(textOf(member(delta, "content")) || textOf(member(delta, "refusal")));
    return `${start(textOf(chunk.id))}${said}${listOf(member(delta, "tool_calls")).map(toolCall).join("")}`;
  };
}
