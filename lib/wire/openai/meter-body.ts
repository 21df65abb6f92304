import { isObject, parseBody, textOf } from "../json/object";
import { countPiece, type MeteredBody } from "../usage";
import { openaiUsage } from "./usage";

/**
 * A whole chat completion: the caller's bytes (with the asked model's name) and what it used.
 * Null when the bytes are not a completion at all.
 */
export function meterChatBody(bytes: Uint8Array, model: string): MeteredBody | null {
  const value = parseBody(bytes);
  if (value === null || !Array.isArray(value.choices)) return null;
  const counted = value.choices.reduce<number>(
    (sum, choice) => sum + countMessage(isObject(choice) ? choice.message : null),
    0,
  );
  const reported = openaiUsage(value.usage);
  return { body: { ...value, model }, reading: { reported, countedOutputTokens: counted, hasContent: true } };
}

function countMessage(message: unknown): number {
  if (!isObject(message)) return 0;
  const calls = message.tool_calls === undefined ? "" : JSON.stringify(message.tool_calls);
  return countPiece(textOf(message.content)) + countPiece(calls);
}

/** Embeddings: nothing comes out that is billed. */
export function meterEmbeddings(bytes: Uint8Array, model: string): MeteredBody | null {
  const value = parseBody(bytes);
  if (value === null || !Array.isArray(value.data)) return null;
  const usage = isObject(value.usage) ? { completion_tokens: 0, ...value.usage } : value.usage;
  const reading = { reported: openaiUsage(usage), countedOutputTokens: 0, hasContent: true };
  return { body: { ...value, model }, reading };
}
