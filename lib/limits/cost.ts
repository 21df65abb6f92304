import type { HeldPrice } from "@/lib/money/cost";
import { type Amounts, NO_AMOUNTS } from "./rules/dimensions";

type Sized = {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** requests that the call counts as: 1, or those of its cost class */
  readonly permits: number;
};

/** The reserved amount of one call in every dimension. A call always takes one concurrency slot. */
export function amountsOf(tokens: Sized, price: HeldPrice): Amounts {
  return amountsUsed(tokens, heldMicroUsd(tokens, price));
}

/** The same for a call with a known cost. */
export function amountsUsed({ inputTokens, outputTokens, permits }: Sized, costMicroUsd: number): Amounts {
  return {
    requests: permits,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    cost_micro_usd: costMicroUsd,
    concurrency: 1,
  };
}

/** Whole micro-dollars, rounded up. BigInt, because tokens * price may leave the integers that a double holds. */
function heldMicroUsd({ inputTokens, outputTokens }: Sized, { input, output, fees }: HeldPrice): number {
  const total = BigInt(inputTokens) * BigInt(input) + BigInt(outputTokens) * BigInt(output);
  return Number((total + 999_999n) / 1_000_000n) + fees;
}

/**
 * Endpoints that count tokens or read stored objects. They are free at the provider. Here each counts as one request
 * and uses neither tokens nor money.
 */
export const COUNTING_ENDPOINTS: readonly string[] = [
  "count_tokens",
  "responses_input_tokens",
  "responses_stored",
  "files",
  "batches_stored",
  "message_files",
  "message_batches_stored",
];

export function isCounting(endpoint: string): boolean {
  return COUNTING_ENDPOINTS.includes(endpoint);
}

/** Endpoints that submit many calls. The provider serves these later, so only money and one request are reserved. */
export const BATCH_ENDPOINTS: readonly string[] = ["batches", "message_batches"];

/** The reserved amount of one call in every dimension, by its kind. */
export function heldAmounts(endpoint: string, tokens: Sized, price: HeldPrice): Amounts {
  if (isCounting(endpoint)) return { ...NO_AMOUNTS, requests: 1, concurrency: 1 };
  const amounts = amountsOf(tokens, price);
  if (!BATCH_ENDPOINTS.includes(endpoint)) return amounts;
  return { ...NO_AMOUNTS, requests: amounts.requests, cost_micro_usd: amounts.cost_micro_usd };
}

/** A call that was never sent: its whole reservation is refunded. */
export const NOTHING_USED: Amounts = NO_AMOUNTS;
