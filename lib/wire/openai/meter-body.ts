import { countPiece, type Reading } from "../usage";
import { isObject, openaiUsage } from "./usage";

/**
 * A whole chat completion: the caller's bytes (with the asked model's name) and what it used.
 * Null when the bytes are not a completion at all.
 */
export function meterChatBody(
  bytes: Uint8Array,
  model: string,
): { body: Record<string, unknown>; reading: Reading } | null {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
  if (!isObject(value) || !Array.isArray(value.choices)) return null;
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
  return countPiece(typeof message.content === "string" ? message.content : "") + countPiece(calls);
}
