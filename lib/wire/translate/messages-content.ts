import { isObject, listOf, member, textOf } from "../json/object";
import type { ToolNames } from "./identity";
import type { Losses } from "./losses";
import { toolCallsOf } from "./tool-calls";

type Part =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "image_url"; readonly image_url: object }
  | { readonly type: "file"; readonly file: object };

type With = { readonly losses: Losses; readonly names: ToolNames };

/** Blocks that belong to the model that wrote them; other models cannot use them. */
const OWN_THOUGHTS: ReadonlySet<unknown> = new Set(["thinking", "redacted_thinking"]);

/** One of Anthropic's messages as the chat messages with the same content. */
export function messagesOf(message: Record<string, unknown>, path: string, { losses, names }: With): unknown[] {
  const { content, role } = message;
  if (typeof content === "string") return [{ role, content }];
  const blocks = listOf(content).filter(isObject);
  if (role === "assistant") return [answerOf(blocks, path, { losses, names })];
  const results: unknown[] = [];
  const said: Part[] = [];
  for (const [at, block] of blocks.entries()) {
    const here = `${path}.content.${at}`;
    if (block.type !== "tool_result") said.push(...partsOf(block, here, losses));
    else {
      const { text, media } = resultOf(block, here, losses);
      const id = textOf(block.tool_use_id);
      results.push({ role: "tool", tool_call_id: id, content: text });
      // A tool's message has only text there; its other content follows right after it.
      if (media.length > 0) said.push({ type: "text", text: `The result of the tool call ${id}:` }, ...media);
    }
  }
  const [only] = said;
  const isPlain = said.length === 1 && only?.type === "text";
  const spoken = said.length === 0 ? [] : [{ role, content: isPlain ? only.text : said }];
  // Results of tools are separate messages there, and come before what the user says with them.
  return [...results, ...spoken];
}

function answerOf(blocks: readonly Record<string, unknown>[], path: string, { losses, names }: With): unknown {
  for (const [at, block] of blocks.entries()) {
    const isKnown = block.type === "text" || block.type === "tool_use" || OWN_THOUGHTS.has(block.type);
    if (!isKnown) losses.lose(`${path}.content.${at}.type`, "messages[].content[].type");
  }
  const text = textOfBlocks(blocks, "");
  const calls = toolCallsOf(blocks, names);
  return { role: "assistant", content: text === "" ? null : text, ...(calls.length > 0 ? { tool_calls: calls } : {}) };
}

/** The text of some blocks. */
export function textOfBlocks(blocks: readonly Record<string, unknown>[], between: string): string {
  return blocks
    .filter((block) => block.type === "text")
    .map((block) => textOf(block.text))
    .filter((text) => text !== "")
    .join(between);
}

function resultOf(
  block: Record<string, unknown>,
  path: string,
  losses: Losses,
): { text: string; media: readonly Part[] } {
  const content = typeof block.content === "string" ? [{ type: "text", text: block.content }] : listOf(block.content);
  const parts = content.flatMap((one, at) => (isObject(one) ? partsOf(one, `${path}.content.${at}`, losses) : []));
  const texts = parts.flatMap((part) => (part.type === "text" && part.text !== "" ? [part.text] : []));
  const media = parts.filter((part) => part.type !== "text");
  const text = texts.join("\n") || (media.length > 0 ? "The result follows in the next message." : "");
  const isMarked = block.is_error === true && !/^error\b/i.test(text);
  return { text: isMarked ? `Error: ${text}` : text, media };
}

function partsOf(block: Record<string, unknown>, path: string, losses: Losses): Part[] {
  switch (block.type) {
    case "text":
      return [{ type: "text", text: textOf(block.text) }];
    case "image":
      return pictureOf(block.source, path, losses);
    case "document":
      return documentOf(block, path, losses);
    case "search_result":
      return foundOf(block, path, losses);
    default:
      if (!OWN_THOUGHTS.has(block.type)) losses.lose(`${path}.type`, "messages[].content[].type");
      return [];
  }
}

function pictureOf(source: unknown, path: string, losses: Losses): Part[] {
  const { type, url, media_type: media, data } = isObject(source) ? source : {};
  if (type === "base64")
    return [{ type: "image_url", image_url: { url: `data:${textOf(media)};base64,${textOf(data)}` } }];
  if (type === "url") return [{ type: "image_url", image_url: { url: textOf(url) } }];
  losses.lose(`${path}.source`, "messages[].content[].source");
  return [];
}

/** The results of the caller's own search, as text under their title and source. */
function foundOf(block: Record<string, unknown>, path: string, losses: Losses): Part[] {
  if (member(block.citations, "enabled") === true) losses.lose(`${path}.citations`, "messages[].content[].citations");
  const head = `Search result: ${[textOf(block.title), textOf(block.source)].filter(Boolean).join(", ")}`;
  const inner = listOf(block.content).flatMap((one, at) =>
    isObject(one) ? partsOf(one, `${path}.content.${at}`, losses) : [],
  );
  return [{ type: "text", text: head }, ...inner];
}

/** Text as text under its title; a PDF as a file. */
function documentOf(block: Record<string, unknown>, path: string, losses: Losses): Part[] {
  if (member(block.citations, "enabled") === true) losses.lose(`${path}.citations`, "messages[].content[].citations");
  const { type, media_type: media, data, content } = isObject(block.source) ? block.source : {};
  const title = textOf(block.title);
  const about = textOf(block.context);
  const head: Part[] =
    title === "" && about === ""
      ? []
      : [{ type: "text", text: [title === "" ? "" : `Document: ${title}`, about].filter(Boolean).join("\n") }];
  if (type === "text") return [...head, { type: "text", text: textOf(data) }];
  if (type === "content") {
    const inner = typeof content === "string" ? [{ type: "text", text: content }] : listOf(content);
    return [...head, ...inner.flatMap((one) => (isObject(one) ? partsOf(one, `${path}.source`, losses) : []))];
  }
  if (type === "base64" && media === "application/pdf") {
    const file = { filename: title || "document.pdf", file_data: `data:application/pdf;base64,${textOf(data)}` };
    return [...head, { type: "file", file }];
  }
  losses.lose(`${path}.source`, "messages[].content[].source");
  return [];
}
