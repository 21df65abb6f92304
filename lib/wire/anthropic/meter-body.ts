import { NO_USAGE } from "@/lib/money/usage";
import { countText, countWritten } from "../counting/output-tokens";
import { parseBody } from "../json/object";
import { type MeteredBody, tokenCount, wholeReading } from "../usage";
import { AnthropicUsage } from "./usage";

/** A whole message: the caller's bytes (with the asked model's name) and what it used; null when it is none. */
export function meterMessage(bytes: Uint8Array, model: string): MeteredBody | null {
  const value = parseBody(bytes);
  if (value === null || !Array.isArray(value.content)) return null;
  const usage = new AnthropicUsage();
  usage.take(value.usage);
  const reading = wholeReading({ reported: usage.usage() }, () => countWritten(value.content, countText));
  return { body: { ...value, model }, reading };
}

/** The answer of count_tokens. It is free: nothing is booked for it. */
export function meterCount(bytes: Uint8Array): MeteredBody | null {
  const value = parseBody(bytes);
  if (value === null || tokenCount(value.input_tokens) === undefined) return null;
  return { body: value, reading: { reported: NO_USAGE, countedOutputTokens: 0, hasContent: true } };
}
