import { NO_USAGE } from "@/lib/money/usage";
import { countText, countWritten } from "../counting/output-tokens";
import { parseBody } from "../json/object";
import { madeByMessage } from "../open/made-things";
import { type MeteredBody, tokenCount, wholeReading } from "../usage";
import { AnthropicUsage } from "./usage";

/**
 * A whole message: the caller's bytes (with the asked model's name) and what it used; null when it is not a message.
 * `isKept` = its provider keeps it, as a part of a thread.
 */
export function meterMessage(bytes: Uint8Array, model: string, isKept = false): MeteredBody | null {
  const value = parseBody(bytes);
  if (value === null || !Array.isArray(value.content)) return null;
  const usage = new AnthropicUsage();
  usage.take(value.usage);
  const answerId = isKept && typeof value.id === "string" ? value.id : undefined;
  const read = { reported: usage.usage(), answerId, made: madeByMessage(value) };
  const reading = wholeReading(read, () => countWritten(value.content, countText));
  return { body: { ...value, model }, reading };
}

/** The answer of count_tokens. It is free, so nothing is booked for it. */
export function meterCount(bytes: Uint8Array): MeteredBody | null {
  const value = parseBody(bytes);
  if (value === null || tokenCount(value.input_tokens) === undefined) return null;
  return { body: value, reading: { reported: NO_USAGE, countedOutputTokens: 0, hasContent: true } };
}
