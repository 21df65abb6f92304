import { calcPrice } from "@pydantic/genai-prices";

/** Micro-dollars per million tokens. */
export type KnownPrice = {
  readonly inputMicroUsdPerMillion: number;
  readonly cachedInputMicroUsdPerMillion: number;
  readonly outputMicroUsdPerMillion: number;
};

/**
 * The list price of a model by its provider's name for it, out of the bundled list; null when the list does not have it.
 * The base price: surcharges of very long prompts are the operator's to enter.
 */
export function knownPrice(upstreamName: string): KnownPrice | null {
  const input = perMillion({ input_tokens: TOKENS, output_tokens: 0 }, upstreamName);
  const cached = perMillion({ input_tokens: TOKENS, cache_read_tokens: TOKENS, output_tokens: 0 }, upstreamName);
  const output = perMillion({ input_tokens: 0, output_tokens: TOKENS }, upstreamName);
  if (input === null || output === null) return null;
  return {
    inputMicroUsdPerMillion: input,
    cachedInputMicroUsdPerMillion: cached ?? input,
    outputMicroUsdPerMillion: output,
  };
}

const TOKENS = 1000;

/** The list reckons in dollars as floats: whole micro-dollars from here on. */
function perMillion(usage: Parameters<typeof calcPrice>[0], model: string): number | null {
  const price = calcPrice(usage, model);
  return price === null ? null : Math.round(price.total_price * (1_000_000 / TOKENS) * 1_000_000);
}
