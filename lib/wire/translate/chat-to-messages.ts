import { isObject, listOf, member, textOf } from "../json/object";
import { toolUsesOf } from "./tool-calls";

/**
 * A body of OpenAI's chat completions as one of Anthropic's messages: text, images, tools, system prompts. Members that
 * the other side has no word for (penalties, logit_bias, seed, several choices) are left out.
 */
export function chatToMessages(body: Readonly<Record<string, unknown>>, maxTokens: number): Record<string, unknown> {
  const system: string[] = [];
  const messages: { role: "user" | "assistant"; content: unknown[] }[] = [];
  for (const one of listOf(body.messages)) {
    if (!isObject(one)) continue;
    if (one.role === "system" || one.role === "developer") {
      system.push(textIn(one.content));
      continue;
    }
    const role = one.role === "assistant" ? "assistant" : "user";
    const content = contentOf(one);
    const last = messages.at(-1);
    // Roles alternate over there: neighbours of one role become one message, and a tool's result is the user's.
    if (last?.role === role) last.content.push(...content);
    else messages.push({ role, content });
  }
  const stop = typeof body.stop === "string" ? [body.stop] : listOf(body.stop);
  const tools = listOf(body.tools).flatMap(toolOf);
  return {
    model: body.model,
    max_tokens: maxTokens,
    messages: messages.filter((one) => one.content.length > 0),
    ...(system.length > 0 ? { system: system.join("\n\n") } : {}),
    ...(body.stream === true ? { stream: true } : {}),
    ...(typeof body.temperature === "number" ? { temperature: Math.min(1, body.temperature) } : {}),
    ...(typeof body.top_p === "number" ? { top_p: body.top_p } : {}),
    ...(stop.length > 0 ? { stop_sequences: stop } : {}),
    ...(typeof body.user === "string" ? { metadata: { user_id: body.user } } : {}),
    ...(tools.length > 0 && body.tool_choice !== "none" ? { tools, ...toolChoice(body) } : {}),
  };
}

function contentOf(message: Record<string, unknown>): unknown[] {
  if (message.role === "tool" || message.role === "function") {
    return [{ type: "tool_result", tool_use_id: textOf(message.tool_call_id), content: textIn(message.content) }];
  }
  const { content } = message;
  const parts =
    typeof content === "string"
      ? content === ""
        ? []
        : [{ type: "text", text: content }]
      : listOf(content).flatMap(partOf);
  return [...parts, ...toolUsesOf(message.tool_calls)];
}

function partOf(part: unknown): unknown[] {
  if (!isObject(part)) return [];
  if (part.type === "text") return textOf(part.text) === "" ? [] : [{ type: "text", text: part.text }];
  if (part.type === "refusal") return [{ type: "text", text: textOf(part.refusal) }];
  const url = textOf(member(part.image_url, "url"));
  const inline = /^data:(image\/[a-z0-9.+-]+);base64,(.*)$/s.exec(url);
  const source = inline === null ? { type: "url", url } : { type: "base64", media_type: inline[1], data: inline[2] };
  return [{ type: "image", source }];
}

function textIn(content: unknown): string {
  if (typeof content === "string") return content;
  return listOf(content)
    .map((part) => textOf(member(part, "text")))
    .join("");
}

function toolOf(tool: unknown): unknown[] {
  const declared = member(tool, "function");
  if (!isObject(declared)) return [];
  const { name, description, parameters } = declared;
  const schema = isObject(parameters) ? parameters : { type: "object", properties: {} };
  return [{ name, ...(description === undefined ? {} : { description }), input_schema: schema }];
}

function toolChoice(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { tool_choice: choice, parallel_tool_calls: parallel } = body;
  const single = parallel === false ? { disable_parallel_tool_use: true } : {};
  if (choice === "required") return { tool_choice: { type: "any", ...single } };
  const name = member(member(choice, "function"), "name");
  if (typeof name === "string") return { tool_choice: { type: "tool", name, ...single } };
  return parallel === false ? { tool_choice: { type: "auto", ...single } } : {};
}
