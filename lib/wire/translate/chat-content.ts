import { markedNumbers } from "../json/exact-numbers";
import { isObject, listOf, member, parseJson, textOf } from "../json/object";
import type { Losses } from "./losses";

/** Members of a message, or of an echoed message, that are carried or unneeded. */
const MEMBERS: ReadonlySet<string> = new Set([
  ...["role", "content", "tool_calls", "tool_call_id", "refusal", "cache_control"],
  ...["reasoning_content", "reasoning", "reasoning_details", "thinking_blocks", "annotations"],
]);

/** A system message's text; all other content is lost. */
export function systemOf(message: Record<string, unknown>, path: string, losses: Losses): string {
  losses.loseOthers(message, MEMBERS, { path, field: "messages[]" });
  if (typeof message.content === "string") return message.content;
  return listOf(message.content)
    .map((part, at) => {
      if (member(part, "type") !== "text") losses.lose(`${path}.content.${at}.type`, "messages[].content[].type");
      return textOf(member(part, "text"));
    })
    .join("");
}

/** A chat message as Anthropic's blocks; blank text gives no block, as Anthropic refuses it. */
export function contentOf(message: Record<string, unknown>, path: string, losses: Losses): unknown[] {
  losses.loseOthers(message, MEMBERS, { path, field: "messages[]" });
  if (message.role === "tool") return [toolResult(message, path, losses)];
  if (message.role !== "user" && message.role !== "assistant") losses.lose(`${path}.role`, "messages[].role");
  const refusal = blockOfText(textOf(message.refusal));
  return [...partsOf(message, path, losses), ...refusal, ...toolUses(message.tool_calls, path, losses)];
}

function partsOf(message: Record<string, unknown>, path: string, losses: Losses): unknown[] {
  const { content } = message;
  if (typeof content === "string") return blockOfText(content, message.cache_control);
  return listOf(content).flatMap((part, at) => partOf(part, `${path}.content.${at}`, losses));
}

function blockOfText(text: string, mark?: unknown): unknown[] {
  return text.trim() === "" ? [] : [{ type: "text", text, ...(mark === undefined ? {} : { cache_control: mark }) }];
}

function toolResult(message: Record<string, unknown>, path: string, losses: Losses): unknown {
  const content = partsOf(message, path, losses);
  const [only] = content;
  const text = content.length === 1 && member(only, "type") === "text" ? member(only, "text") : null;
  return {
    type: "tool_result",
    tool_use_id: textOf(message.tool_call_id),
    ...(content.length === 0 ? {} : { content: text ?? content }),
  };
}

function partOf(part: unknown, path: string, losses: Losses): unknown[] {
  if (!isObject(part)) return [];
  const mark = part.cache_control === undefined ? {} : { cache_control: part.cache_control };
  switch (part.type) {
    case "text":
      return blockOfText(textOf(part.text), part.cache_control);
    case "refusal":
      return blockOfText(textOf(part.refusal));
    case "image_url":
      return [{ type: "image", source: pictureOf(part.image_url), ...mark }];
    case "file":
      return documentOf(part.file, path, losses).map((block) => ({ ...block, ...mark }));
    default:
      losses.lose(`${path}.type`, "messages[].content[].type");
      return [];
  }
}

function pictureOf(value: unknown): Record<string, unknown> {
  const url = textOf(value) || textOf(member(value, "url"));
  const inline = dataUrl(url);
  return inline === null ? { type: "url", url } : { type: "base64", media_type: inline.type, data: inline.data };
}

function documentOf(file: unknown, path: string, losses: Losses): Record<string, unknown>[] {
  const inline = dataUrl(textOf(member(file, "file_data")));
  const title = textOf(member(file, "filename"));
  const named = title === "" ? {} : { title };
  if (inline?.type === "application/pdf") {
    return [{ type: "document", source: { type: "base64", media_type: inline.type, data: inline.data }, ...named }];
  }
  if (inline?.type === "text/plain") {
    const text = Buffer.from(inline.data, "base64").toString("utf8");
    return [{ type: "document", source: { type: "text", media_type: "text/plain", data: text }, ...named }];
  }
  losses.lose(`${path}.file`, "messages[].content[].file");
  return [];
}

function dataUrl(url: string): { type: string; data: string } | null {
  const comma = url.indexOf(",");
  const [, type = ""] = /^data:([\w.+/-]+)(?:;[\w=-]+)*;base64$/.exec(url.slice(0, Math.max(0, comma))) ?? [];
  return type === "" ? null : { type, data: url.slice(comma + 1) };
}

function toolUses(calls: unknown, path: string, losses: Losses): unknown[] {
  return listOf(calls).flatMap((call, at) => {
    const called = member(call, "function");
    const here = `${path}.tool_calls.${at}`;
    if (!isObject(called)) {
      losses.lose(`${here}.type`, "messages[].tool_calls");
      return [];
    }
    const text = textOf(called.arguments);
    const input = text.trim() === "" ? {} : parseJson(markedNumbers(text));
    if (!isObject(input)) losses.lose(`${here}.function.arguments`, "messages[].tool_calls");
    return [
      { type: "tool_use", id: textOf(member(call, "id")), name: called.name, input: isObject(input) ? input : {} },
    ];
  });
}
