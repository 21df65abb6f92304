import { type Amounts, NO_AMOUNTS } from "./rules/dimensions";

type Sized = Tokens & {
  /** requests that the call counts as: 1, or those of its cost class */
  readonly permits: number;
};
type Tokens = { readonly inputTokens: number; readonly cachedInputTokens: number; readonly outputTokens: number };
/** Micro-dollars per million tokens. */
export type Prices = { readonly input: number; readonly cachedInput: number; readonly output: number };

/**
 * Money for tokens, in whole micro-dollars, rounded up per call. Prices are micro-dollars per million tokens.
 * BigInt, because tokens * price may leave the integers that a double holds.
 */
export function costMicroUsd(tokens: Tokens, prices: Prices): number {
  const fresh = BigInt(tokens.inputTokens - tokens.cachedInputTokens) * BigInt(prices.input);
  const cached = BigInt(tokens.cachedInputTokens) * BigInt(prices.cachedInput);
  const total = fresh + cached + BigInt(tokens.outputTokens) * BigInt(prices.output);
  return Number((total + 999_999n) / 1_000_000n);
}

/** What one call takes of every dimension. The concurrency slot is always one. */
export function amountsOf(tokens: Sized, prices: Prices): Amounts {
  return {
    requests: tokens.permits,
    input_tokens: tokens.inputTokens,
    output_tokens: tokens.outputTokens,
    total_tokens: tokens.inputTokens + tokens.outputTokens,
    cost_micro_usd: costMicroUsd(tokens, prices),
    concurrency: 1,
  };
}

/** A call that never happened: all of its reservation comes back. */
export const NOTHING_USED: Amounts = NO_AMOUNTS;
