import { isObject, member, parseObject, textOf } from "../json/object";
import { eventText } from "../stream-meter";
import { usageToOpenai } from "./answers";
import { finishReason } from "./stop-reasons";

/**
 * Anthropic's stream events, one at a time, as chunks of a chat completion. `created` is epoch seconds; usage goes out in
 * a last chunk of its own when the caller asked for it.
 */
export function streamToChat(options: {
  model: string;
  created: number;
  wantsUsage: boolean;
}): (data: string) => string {
  let id = "";
  let tools = -1;
  let finish: string | null = null;
  let usage: Record<string, unknown> = {};

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

  return (data) => {
    const event = parseObject(data);
    switch (event?.type) {
      case "message_start":
        id = `chatcmpl-${textOf(member(event.message, "id"))}`;
        usage = usageOf(usage, member(event.message, "usage"));
        return delta({ role: "assistant", content: "" });
      case "content_block_start": {
        const block = event.content_block;
        if (member(block, "type") !== "tool_use") return "";
        tools += 1;
        const called = { name: textOf(member(block, "name")), arguments: "" };
        return delta({
          tool_calls: [{ index: tools, id: textOf(member(block, "id")), type: "function", function: called }],
        });
      }
      case "content_block_delta": {
        const text = member(event.delta, "text");
        if (typeof text === "string") return delta({ content: text });
        const json = member(event.delta, "partial_json");
        return typeof json === "string" ? delta({ tool_calls: [{ index: tools, function: { arguments: json } }] }) : "";
      }
      case "message_delta":
        finish = finishReason(member(event.delta, "stop_reason"));
        usage = usageOf(usage, event.usage);
        return "";
      case "message_stop": {
        const last = delta({}, finish ?? "stop");
        const totals = options.wantsUsage ? chunk([], { usage: usageToOpenai(usage) }) : "";
        return `${last}${totals}${eventText("[DONE]")}`;
      }
      default:
        return "";
    }
  };
}

/** Counts are cumulative: a later one replaces an earlier one, and what it leaves out stays. */
function usageOf(known: Record<string, unknown>, next: unknown): Record<string, unknown> {
  return isObject(next)
    ? { ...known, ...Object.fromEntries(Object.entries(next).filter(([, value]) => value !== null)) }
    : known;
}
