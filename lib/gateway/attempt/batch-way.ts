import { PublicError } from "@/lib/errors";
import type { AppliedLimit } from "@/lib/limits/plan";
import type { HeldPrice } from "@/lib/money/cost";
import { type Price, ratesFor } from "@/lib/money/price";
import type { BatchAsked } from "@/lib/wire/call";

/** What the calls of a batch are held at: the rates of batches, at the length of the longest of them. */
export function batchPrice(price: Price, tier: string | null, batch: BatchAsked): HeldPrice {
  const rates = [ratesFor(price, tier, 0), ratesFor(price, tier, batch.longestInputTokens)];
  return {
    input: Math.max(...rates.map((one) => one.input)),
    output: Math.max(...rates.map((one) => Math.max(one.output, one.reasoning ?? 0))),
    fees: batch.feesMicroUsd,
  };
}

/**
 * A batch is held as money alone, as its provider serves it in its own time: limits of tokens would let it pass. Who has such
 * limits and none of money could spend without any.
 */
export function refuseUnlimitedBatch(limits: readonly AppliedLimit[]): void {
  const inForce = limits.filter(({ observe }) => !observe);
  if (inForce.some(({ dimension }) => dimension === "cost_micro_usd")) return;
  if (!inForce.some(({ dimension }) => TOKENS.has(dimension))) return;
  const message =
    "A batch is held as money, and this caller has limits of tokens but none of money. Ask the operator for a budget.";
  throw new PublicError("endpoint_not_allowed", message);
}

const TOKENS: ReadonlySet<string> = new Set(["input_tokens", "output_tokens", "total_tokens"]);
