import { markedNumbers } from "../json/exact-numbers";
import { isObject, listOf, member, parseObject, textOf } from "../json/object";
import { eventText } from "../stream-meter";
import { objectsIn } from "./events-in";

/** Turns one of Anthropic's whole messages into the stream that it would have been. */
export function messageAsEvents(body: Readonly<Record<string, unknown>>): string {
  const { content, stop_reason: reason, stop_sequence: sequence, usage } = body;
  const event = (type: string, more: object) => eventText(JSON.stringify({ type, ...more }), type);
  const start = { ...body, content: [], stop_reason: null, stop_sequence: null };
  const blocks = listOf(content).flatMap((block, index) => (isObject(block) ? [blockEvents(block, index, event)] : []));
  const delta = { stop_reason: reason ?? "end_turn", stop_sequence: sequence ?? null };
  return [
    event("message_start", { message: start }),
    ...blocks,
    event("message_delta", { delta, ...(isObject(usage) ? { usage } : {}) }),
    event("message_stop", {}),
  ].join("");
}

function blockEvents(
  block: Record<string, unknown>,
  index: number,
  event: (type: string, more: object) => string,
): string {
  const { type, text, thinking, signature, input, ...rest } = block;
  const deltas =
    type === "text"
      ? [{ type: "text_delta", text: textOf(text) }]
      : type === "thinking"
        ? [
            { type: "thinking_delta", thinking: textOf(thinking) },
            { type: "signature_delta", signature: textOf(signature) },
          ]
        : input === undefined
          ? []
          : [{ type: "input_json_delta", partial_json: JSON.stringify(input) }];
  const empty = type === "text" ? { text: "" } : type === "thinking" ? { thinking: "", signature: "" } : {};
  const opened = { type, ...rest, ...empty, ...(input === undefined ? {} : { input: {} }) };
  return [
    event("content_block_start", { index, content_block: opened }),
    ...deltas.map((delta) => event("content_block_delta", { index, delta })),
    event("content_block_stop", { index }),
  ].join("");
}

/** Turns a complete Anthropic stream into the message that it would have been; null when it is not one. */
export function messageFromEvents(text: string): Record<string, unknown> | null {
  let message: Record<string, unknown> = {};
  let hasStarted = false;
  const blocks = new Map<unknown, Record<string, unknown>>();
  const inputs = new Map<unknown, string>();
  for (const event of objectsIn(text)) {
    const { type, index, delta, usage } = event;
    if (type === "message_start") {
      hasStarted = true;
      message = { ...message, ...objectOf(event.message) };
    } else if (type === "content_block_start") blocks.set(index, objectOf(event.content_block));
    else if (type === "content_block_delta") {
      const json = member(delta, "partial_json");
      if (typeof json === "string") inputs.set(index, (inputs.get(index) ?? "") + json);
      else blocks.set(index, withDelta(blocks.get(index) ?? { type: "text", text: "" }, delta));
    } else if (type === "message_delta") {
      const counted: Record<string, unknown> = { ...objectOf(message.usage), ...objectOf(usage) };
      message = { ...message, ...objectOf(delta), usage: counted };
    }
  }
  if (!hasStarted) return null;
  const whole = [...blocks].map(([index, block]) => {
    const json = inputs.get(index) ?? "";
    return json === "" ? block : { ...block, input: parseObject(markedNumbers(json)) ?? {} };
  });
  return { ...message, content: [...listOf(message.content), ...whole] };
}

function objectOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {};
}

function withDelta(block: Record<string, unknown>, delta: unknown): Record<string, unknown> {
  const joined = ["text", "thinking", "signature"].flatMap((name) => {
    const piece = member(delta, name);
    return typeof piece === "string" ? [[name, textOf(block[name]) + piece]] : [];
  });
  const citation = member(delta, "citation");
  const citations = citation === undefined ? {} : { citations: [...listOf(block.citations), citation] };
  return { ...block, ...Object.fromEntries(joined), ...citations };
}
