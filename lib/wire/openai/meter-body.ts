import { NO_USAGE } from "@/lib/money/usage";
import { countText, countWritten } from "../counting/output-tokens";
import { isBrokenFinish, saidIn } from "../faults/said";
import { listOf, member, parseBody } from "../json/object";
import { madeByChoices } from "../open/made-things";
import { type MeteredBody, wholeReading, withSeen } from "../usage";
import { NOTHING_SEEN, seenInChat } from "./seen";
import { openaiUsage, usageIn } from "./usage";

/**
 * A whole chat completion: the caller's bytes (with the asked model's name) and what it used.
 * Null when the bytes are not a completion at all.
 */
export function meterChatBody(bytes: Uint8Array, model: string): MeteredBody | null {
  const value = parseBody(bytes);
  const choices = listOf(value?.choices);
  // An error with status 200 is not a completion either, whatever else it contains.
  if (value === null || choices.length === 0 || saidIn(value) !== null) return null;
  if (choices.some((choice) => isBrokenFinish(member(choice, "finish_reason")))) return null;
  const count = () =>
    choices.reduce<number>(
      (sum, choice) => sum + countWritten(member(choice, "message") ?? member(choice, "text"), countText),
      0,
    );
  const seen = seenInChat(value);
  const told = openaiUsage(usageIn(value));
  const isAllTold = told === null || (seen === NOTHING_SEEN && told.uses === undefined);
  const made = madeByChoices(choices);
  const reading = wholeReading({ reported: isAllTold ? told : withSeen(told, seen), seen, made }, count);
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
