import { isObject, listOf, member, textOf } from "../json/object";
import { toolCallsOf } from "./tool-calls";

/**
 * A body of Anthropic's messages as one of OpenAI's chat completions. Members that the other side has no word for
 * (top_k, thinking, cache marks) are left out; earlier thinking is not repeated.
 */
export function messagesToChat(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const system = textIn(body.system);
  const stop = listOf(body.stop_sequences).slice(0, 4);
  const tools = listOf(body.tools).flatMap(toolOf);
  const user = member(body.metadata, "user_id");
  return {
    model: body.model,
    messages: [
      ...(system === "" ? [] : [{ role: "system", content: system }]),
      ...listOf(body.messages).flatMap((message) => (isObject(message) ? messagesOf(message) : [])),
    ],
    ...(body.stream === true ? { stream: true } : {}),
    ...(typeof body.temperature === "number" ? { temperature: body.temperature } : {}),
    ...(typeof body.top_p === "number" ? { top_p: body.top_p } : {}),
    ...(stop.length > 0 ? { stop } : {}),
    ...(typeof user === "string" ? { user } : {}),
    ...(tools.length > 0 ? { tools, ...toolChoice(body.tool_choice) } : {}),
  };
}

function messagesOf(message: Record<string, unknown>): unknown[] {
  const { content } = message;
  if (typeof content === "string") return [{ role: message.role, content }];
  const blocks = listOf(content).filter(isObject);
  // Results of tools are messages of their own over there, and come before what the user says with them.
  const results = blocks
    .filter((block) => block.type === "tool_result")
    .map((block) => ({ role: "tool", tool_call_id: textOf(block.tool_use_id), content: textIn(block.content) }));
  if (message.role === "assistant") {
    const text = blocks.map((block) => (block.type === "text" ? textOf(block.text) : "")).join("");
    const calls = toolCallsOf(blocks);
    return [
      { role: "assistant", content: text === "" ? null : text, ...(calls.length > 0 ? { tool_calls: calls } : {}) },
    ];
  }
  const parts = blocks.flatMap(partOf);
  const [only] = parts;
  const isPlain = parts.length === 1 && only !== undefined && "text" in only;
  const said = parts.length === 0 ? [] : [{ role: message.role, content: isPlain ? only.text : parts }];
  return [...results, ...said];
}

type Part =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image_url"; readonly image_url: object };

function partOf(block: Record<string, unknown>): Part[] {
  if (block.type === "text") return [{ type: "text", text: textOf(block.text) }];
  if (block.type !== "image" || !isObject(block.source)) return [];
  const { type, url, media_type: media, data } = block.source;
  const address = type === "base64" ? `data:${textOf(media)};base64,${textOf(data)}` : textOf(url);
  return [{ type: "image_url", image_url: { url: address } }];
}

function textIn(content: unknown): string {
  if (typeof content === "string") return content;
  return listOf(content)
    .map((block) => textOf(member(block, "text")))
    .filter(Boolean)
    .join("\n");
}

function toolOf(tool: unknown): unknown[] {
  if (!isObject(tool) || !isObject(tool.input_schema)) return [];
  const { name, description, input_schema: parameters } = tool;
  return [{ type: "function", function: { name, ...(description === undefined ? {} : { description }), parameters } }];
}

function toolChoice(choice: unknown): Record<string, unknown> {
  if (!isObject(choice)) return {};
  const single = choice.disable_parallel_tool_use === true ? { parallel_tool_calls: false } : {};
  const { type, name } = choice;
  if (type === "any") return { tool_choice: "required", ...single };
  if (type === "none") return { tool_choice: "none" };
  if (type === "tool") return { tool_choice: { type: "function", function: { name } }, ...single };
  return single;
}
