import { AnthropicUsage } from "../../anthropic/usage";
import { isObject, listOf, member, parseObject, textOf } from "../../json/object";
import { eventText } from "../../stream-meter";
import { usageToOpenai } from "./answers";
import { finishReason } from "./stop-reasons";

/** A tool call that is being written: its place among the calls, and what its start held instead of pieces. */
type Call = { readonly order: number; readonly whole: string; hasPieces: boolean };

/**
 * Anthropic's stream events, one at a time, as chunks of a chat completion. `created` is epoch seconds; usage goes out in
 * a last chunk of its own when the caller asked for it. Pieces belong to the block of their index: those of a block that
 * has no counterpart (the provider's own tools), or that was never begun, go nowhere.
 */
export function streamToChat(options: {
  model: string;
  created: number;
  wantsUsage: boolean;
}): (data: string) => string {
  let id = "";
  let hasRole = false;
  let calls = 0;
  let finish: string | null = null;
  const open = new Map<unknown, Call>();
  const usage = new AnthropicUsage();

  const chunk = (choices: unknown[], more: object = {}) =>
    eventText(
      JSON.stringify({
        ...{ id, object: "chat.completion.chunk", created: options.created, model: options.model },
        choices,
        ...more,
      }),
    );
  const delta = (value: object, reason: string | null = null) =>
    chunk([{ index: 0, delta: value, logprobs: null, finish_reason: reason }]);
  const piece = ({ order }: Call, args: string) =>
    delta({ tool_calls: [{ index: order, function: { arguments: args } }] });

  function begin(index: unknown, block: unknown): string {
    const type = member(block, "type");
    if (type === "text" && textOf(member(block, "text")) !== "") return delta({ content: member(block, "text") });
    if (type !== "tool_use") return "";
    const input = member(block, "input");
    const whole = isObject(input) && Object.keys(input).length > 0 ? JSON.stringify(input) : "";
    const call = { order: calls, whole, hasPieces: false };
    calls += 1;
    open.set(index, call);
    const called = { name: textOf(member(block, "name")), arguments: "" };
    return delta({
      tool_calls: [{ index: call.order, id: textOf(member(block, "id")), type: "function", function: called }],
    });
  }

  function more(index: unknown, value: unknown): string {
    const text = member(value, "text");
    if (typeof text === "string") return delta({ content: text });
    const thinking = member(value, "thinking");
    if (typeof thinking === "string") return delta({ reasoning_content: thinking });
    const json = member(value, "partial_json");
    const call = open.get(index);
    if (typeof json !== "string" || json === "" || call === undefined) return "";
    call.hasPieces = true;
    return piece(call, json);
  }

  function end(index: unknown): string {
    const call = open.get(index);
    open.delete(index);
    return call === undefined || call.hasPieces ? "" : piece(call, call.whole || "{}");
  }

  /** A second message in the same stream goes on where the first was: its blocks are numbered from 0 again. */
  function start(message: unknown): string {
    id ||= `chatcmpl-${textOf(member(message, "id"))}`;
    usage.take(member(message, "usage"));
    const opening = hasRole ? "" : delta({ role: "assistant", content: "" });
    hasRole = true;
    const left = [...open.keys()].map(end).join("");
    // Some servers send a message that is whole already.
    const blocks = listOf(member(message, "content")).map(
      (block, at) => begin(`whole ${at}`, block) + end(`whole ${at}`),
    );
    note(member(message, "stop_reason"));
    return opening + left + blocks.join("");
  }

  function note(reason: unknown): void {
    if (typeof reason === "string") finish = reason;
  }

  return (data) => {
    const event = parseObject(data);
    switch (event?.type) {
      case "message_start":
        return start(event.message);
      case "content_block_start":
        return begin(event.index, event.content_block);
      case "content_block_delta":
        return more(event.index, event.delta);
      case "content_block_stop":
        return end(event.index);
      case "message_delta":
        note(member(event.delta, "stop_reason"));
        usage.take(event.usage);
        return "";
      case "message_stop": {
        const left = [...open.keys()].map(end).join("");
        const last = delta({}, finishReason(finish, calls > 0));
        const totals = options.wantsUsage ? chunk([], { usage: usageToOpenai(usage) }) : "";
        return `${left}${last}${totals}${eventText("[DONE]")}`;
      }
      default:
        return "";
    }
  };
}
