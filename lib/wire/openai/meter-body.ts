import { NO_USAGE } from "@/lib/money/usage";
import { countText, countWritten } from "../counting/output-tokens";
import { isBrokenFinish, saidIn } from "../faults/said";
import { listOf, member, parseBody } from "../json/object";
import { type MeteredBody, withSeen } from "../usage";
import { seenInChat } from "./seen";
import { openaiUsage, usageIn } from "./usage";

/**
 * A whole chat completion: the caller's bytes (with the asked model's name) and what it used.
 * Null when the bytes are not a completion at all.
 */
export function meterChatBody(bytes: Uint8Array, model: string): MeteredBody | null {
  const value = parseBody(bytes);
  const choices = listOf(value?.choices);
  // An error under 200 is none either, whatever else stands beside it.
  if (value === null || choices.length === 0 || saidIn(value) !== null) return null;
  if (choices.some((choice) => isBrokenFinish(member(choice, "finish_reason")))) return null;
  const counted = choices.reduce<number>(
    (sum, choice) => sum + countWritten(member(choice, "message") ?? member(choice, "text"), countText),
    0,
  );
  const seen = seenInChat(value);
  const reported = openaiUsage(usageIn(value));
  const reading = {
    reported: reported && withSeen(reported, seen),
    countedOutputTokens: counted,
    isCountedByText: true as const,
    hasContent: true,
    seen,
  };
  return { body: { ...value, model }, reading };
}

/** Embeddings: no output is billed, so all usage is input. */
export function meterEmbeddings(bytes: Uint8Array, model: string): MeteredBody | null {
  const value = parseBody(bytes);
  if (value === null || !Array.isArray(value.data)) return null;
  const told = openaiUsage(value.usage);
  const reported = told && { ...NO_USAGE, ...told, inputTokens: told.inputTokens + told.outputTokens, outputTokens: 0 };
  return { body: { ...value, model }, reading: { reported, countedOutputTokens: 0, hasContent: true } };
}
