import { PublicError } from "@/lib/errors";
import type { AppliedLimit } from "@/lib/limits/plan";
import { type HeldPrice, highestOf, NO_RATE_ASKS } from "@/lib/money/cost";
import { type Price, ratesFor } from "@/lib/money/price";
import type { BatchAsked } from "@/lib/wire/call";

/**
 * Reserves the calls of a batch at batch rates, with the length of its longest call and the most expensive parts that
 * any of them asks for.
 */
export function batchPrice(price: Price, tier: string | null, batch: BatchAsked): HeldPrice {
  const rates = [ratesFor(price, tier, 0), ratesFor(price, tier, batch.longestInputTokens)];
  return { ...highestOf(rates, batch.rateAsks ?? NO_RATE_ASKS), fees: batch.feesMicroUsd };
}

/**
 * A batch reserves money only, because its provider serves it later and token limits would not stop it. A caller with
 * token limits and no money limit could then spend without any limit.
 */
export function refuseUnlimitedBatch(limits: readonly AppliedLimit[]): void {
  const inForce = limits.filter(({ observe }) => !observe);
  if (inForce.some(({ dimension }) => dimension === "cost_micro_usd")) return;
  if (!inForce.some(({ dimension }) => TOKENS.has(dimension))) return;
  const message =
    "A batch is charged in money, and this caller has token limits but no money limit. Ask the operator for a budget.";
  throw new PublicError("endpoint_not_allowed", message);
}

const TOKENS: ReadonlySet<string> = new Set(["input_tokens", "output_tokens", "total_tokens"]);
