import type { HeldPrice } from "@/lib/money/cost";
import { type Amounts, NO_AMOUNTS } from "./rules/dimensions";

type Sized = {
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** requests that the call counts as: 1, or those of its cost class */
  readonly permits: number;
};

/** What one call is held to take of every dimension. The concurrency slot is always one. */
export function amountsOf(tokens: Sized, price: HeldPrice): Amounts {
  return amountsUsed(tokens, heldMicroUsd(tokens, price));
}

/** The same of a call whose money is known. */
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

/** Endpoints that count tokens, or ask for what is there. They are free at the provider. Here each is one request, and takes neither tokens nor money. */
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

/** Submissions of many calls, by their endpoint: the provider serves them when it has room, so they are held as money and as one request. */
export const BATCH_ENDPOINTS: readonly string[] = ["batches", "message_batches"];

/** What one call is held to take of every dimension, by what it is. */
export function heldAmounts(endpoint: string, tokens: Sized, price: HeldPrice): Amounts {
  if (isCounting(endpoint)) return { ...NO_AMOUNTS, requests: 1, concurrency: 1 };
  const amounts = amountsOf(tokens, price);
  if (!BATCH_ENDPOINTS.includes(endpoint)) return amounts;
  return { ...NO_AMOUNTS, requests: amounts.requests, cost_micro_usd: amounts.cost_micro_usd };
}

/** A call that never happened: all of its reservation comes back. */
export const NOTHING_USED: Amounts = NO_AMOUNTS;
