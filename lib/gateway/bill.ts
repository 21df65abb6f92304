import { amountsOf, NOTHING_USED, type Prices } from "@/lib/limits/cost";
import { type Amounts, NO_AMOUNTS } from "@/lib/limits/dimensions";
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

export type UsageSource = "provider" | "partial" | "counted" | "none";

export type Bill = { readonly usage: Usage; readonly source: UsageSource };

/**
 * What a call is charged. What the provider reported, when it did; else what was counted, with the estimated input, as
 * soon as the provider has begun to work; else nothing. Never the whole reservation, never a full refund of a stream
 * that delivered something.
 */
export function billFor(input: {
  ending: Ending;
  reading: Reading | null;
  hasBegun: boolean;
  /** for when nobody reported it */
  likelyInputTokens: number;
}): Bill {
  const { ending, reading } = input;
  const reported = reading?.reported ?? null;
  if (reported !== null) {
    // A provider may leave out what it had streamed by the time it broke off; what arrived was produced.
    return { usage: reported, source: ending === "complete" && reading?.isPartial !== true ? "provider" : "partial" };
  }
  if (!input.hasBegun) return { usage: { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 }, source: "none" };
  const outputTokens = reading?.countedOutputTokens ?? 0;
  return { usage: { inputTokens: input.likelyInputTokens, cachedInputTokens: 0, outputTokens }, source: "counted" };
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
