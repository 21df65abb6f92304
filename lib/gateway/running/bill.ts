import { amountsOf, NOTHING_USED, type Prices } from "@/lib/limits/cost";
import { type Amounts, NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import type { Reading, Usage } from "@/lib/wire/usage";

/** How a call ended. */
export type Ending =
  | "complete"
  | "client_abort"
  | "stalled_reader"
  | "upstream_refused"
  | "upstream_error"
  | "upstream_timeout"
  | "upstream_cut"
  | "upstream_protocol_error"
  | "brake_cut"
  | "drained"
  | "crashed";

export type UsageSource = "provider" | "partial" | "counted" | "clamped" | "none";

export type Bill = { readonly usage: Usage; readonly source: UsageSource };

/** The most that a call can have used, whatever its provider says. */
export type MostUsed = { readonly inputTokens: number; readonly outputTokens: number };

/**
 * Bounds of what is believed of a provider's report: the output cap that it was sent, and the input that it was sent by an
 * estimate that is good within a factor, or else the model's whole context.
 */
export function mostUsed(call: {
  estimatedInputTokens: number;
  contextTokens: number;
  outputTokensEach: number;
  choices: number;
}): MostUsed {
  return {
    inputTokens: Math.max(call.estimatedInputTokens * ESTIMATE_FACTOR, call.contextTokens),
    outputTokens: call.outputTokensEach * call.choices,
  };
}

/** Twice what the estimate is good for, as tokenizers differ that have not been measured. */
const ESTIMATE_FACTOR = 4;

/**
 * What a call is charged. What the provider reported, when it did, as far as that is plausible; else what was counted, with the estimated input, as
 * soon as the provider has begun to work; else nothing. Never the whole reservation, never a full refund of a stream
 * that delivered something.
 */
export function billFor(input: {
  ending: Ending;
  reading: Reading | null;
  hasBegun: boolean;
  /** for when nobody reported it */
  likelyInputTokens: number;
  /** null: the report has been held against it before */
  most: MostUsed | null;
}): Bill {
  const { ending, reading } = input;
  const reported = reading?.reported ?? null;
  if (reported !== null) {
    const usage = believed(reported, reading?.countedOutputTokens ?? 0, input.most);
    if (usage !== null) return { usage, source: "clamped" };
    // A provider may leave out what it had streamed by the time it broke off; what arrived was produced.
    return { usage: reported, source: ending === "complete" && reading?.isPartial !== true ? "provider" : "partial" };
  }
  if (!input.hasBegun) return { usage: { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 }, source: "none" };
  const outputTokens = reading?.countedOutputTokens ?? 0;
  return { usage: { inputTokens: input.likelyInputTokens, cachedInputTokens: 0, outputTokens }, source: "counted" };
}

/** A report cut to what is plausible; null when it is. What has been streamed was produced, also beyond the cap. */
function believed(reported: Usage, countedOutputTokens: number, most: MostUsed | null): Usage | null {
  if (most === null) return null;
  const outputMost = Math.max(most.outputTokens, countedOutputTokens);
  if (reported.inputTokens <= most.inputTokens && reported.outputTokens <= outputMost) return null;
  const inputTokens = Math.min(reported.inputTokens, most.inputTokens);
  return {
    inputTokens,
    cachedInputTokens: Math.min(reported.cachedInputTokens, inputTokens),
    outputTokens: Math.min(reported.outputTokens, outputMost),
  };
}

/**
 * What a bill takes of every limit. A call that was sent counts as its requests whatever the provider answered, as the
 * provider counts it too; only one that never left us gives them back.
 */
export function amountsOfBill(input: { bill: Bill; prices: Prices; wasSent: boolean; permits: number }): Amounts {
  const { bill, prices, wasSent, permits } = input;
  if (bill.source !== "none") return amountsOf({ ...bill.usage, permits }, prices);
  return wasSent ? { ...NO_AMOUNTS, requests: permits } : NOTHING_USED;
}
