import { isObject, listOf, parseBody, textOf } from "../json/object";
import { countPiece, type MeteredBody, tokenCount } from "../usage";
import { AnthropicUsage } from "./usage";

/** A whole message: the caller's bytes (with the asked model's name) and what it used; null when it is none. */
export function meterMessage(bytes: Uint8Array, model: string): MeteredBody | null {
  const value = parseBody(bytes);
  if (value === null || !Array.isArray(value.content)) return null;
  const usage = new AnthropicUsage();
  usage.take(value.usage);
  const counted = listOf(value.content).reduce<number>((sum, block) => sum + countBlock(block), 0);
  const reading = { reported: usage.usage(), countedOutputTokens: counted, hasContent: true };
  return { body: { ...value, model }, reading };
}

/** The answer of count_tokens. It is free: nothing is booked for it. */
export function meterCount(bytes: Uint8Array): MeteredBody | null {
  const value = parseBody(bytes);
  if (value === null || tokenCount(value.input_tokens) === undefined) return null;
  const reported = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };
  return { body: value, reading: { reported, countedOutputTokens: 0, hasContent: true } };
}

function countBlock(block: unknown): number {
  if (!isObject(block)) return 0;
  const input = block.input === undefined ? "" : JSON.stringify(block.input);
  return [textOf(block.text), textOf(block.thinking), input].reduce((sum, piece) => sum + countPiece(piece), 0);
}
