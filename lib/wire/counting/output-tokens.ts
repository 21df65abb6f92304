import { isObject, listOf } from "../json/object";
import { textTokens } from "./text-tokens";

/**
 * Tokens in one streamed piece of text. Most providers send one token per event, so a piece that may be one token
 * counts as one. A piece with several words, with signs and letters, or with scripts beyond ASCII counts by its text.
 */
export function countPiece(text: string): number {
  if (text === "") return 0;
  const isToken = text.length <= TOKEN_CHARS_MAX && TOKEN.test(text);
  return isToken ? 1 : Math.max(1, textTokens(text, "likely"));
}

/** The longest tokens are runs of blanks. In a run of a million, the pattern would try every way to divide them. */
const TOKEN_CHARS_MAX = 256;

/** One word, one number, some signs, or up to three letters of other scripts, with the white space around it. */
const TOKEN =
  /^\s*(?:[\p{Script=Latin}\p{Script=Cyrillic}\p{M}]{0,16}|\d{1,3}|[!-/:-@[-`{-~]{1,8}|\P{ASCII}{1,3})\s*$/u;

/** Tokens of a whole text, from the text alone. */
export function countText(text: string): number {
  return textTokens(text, "likely");
}

/** Members that are labels, links, positions, or values returned in the next turn: nobody bills them as output. */
const NOT_WRITTEN: ReadonlySet<string> = new Set([
  ...["id", "type", "role", "index", "status", "object", "call_id", "item_id", "tool_use_id", "container_id", "phase"],
  ...["annotations", "citations", "logprobs", "signature", "encrypted_content", "data", "b64_json", "url", "image_url"],
  ...["expires_at", "created_by", "format", "namespace", "server_label", "output", "outputs", "results", "result"],
]);

/** Blocks from a tool of the provider: they are input of its next turn. */
const NOT_BY_MODEL = /_(tool_result|output)$|^tool_result$/;

/**
 * Everything in a message, block, item or delta that a provider bills as output, under any name: text and its parts,
 * reasoning, refusals, names and arguments of tools, code. `count` is `countPiece` for a delta and `countText` for a whole.
 */
export function countWritten(value: unknown, count: (text: string) => number): number {
  if (typeof value === "string") return value === "" ? 0 : count(value);
  if (Array.isArray(value)) return value.reduce<number>((sum, one) => sum + countWritten(one, count), 0);
  if (!isObject(value) || (typeof value.type === "string" && NOT_BY_MODEL.test(value.type))) return 0;
  let sum = 0;
  for (const name in value) {
    const inner = value[name];
    if (NOT_WRITTEN.has(name) || isRepeated(value, name)) continue;
    // Arguments as an object are JSON that the model wrote.
    if ((name === "input" || name === "arguments") && isObject(inner)) {
      if (Object.keys(inner).length > 0) sum += count(JSON.stringify(inner));
    } else sum += countWritten(inner, count);
  }
  return sum;
}

const REASONING: readonly string[] = ["reasoning_content", "reasoning", "reasoning_details", "thinking_blocks"];

/** Some servers send the same reasoning under two or three names: the first one with content counts. */
function isRepeated(value: Record<string, unknown>, name: string): boolean {
  const place = REASONING.indexOf(name);
  if (place <= 0 || !isSaid(value[name])) return false;
  return REASONING.slice(0, place).some((earlier) => isSaid(value[earlier]));
}

function isSaid(value: unknown): boolean {
  return typeof value === "string" || listOf(value).length > 0;
}
