import type { ModelView } from "../../_ui/data/catalog";
import { MICRO_USD } from "../../_ui/figures/format";

/** The values of a model's form. */
export type Filled = {
  readonly provider: string | null;
  readonly upstreamName: string;
  /** null = the provider's name */
  readonly slug: string | null;
  readonly contextTokens: number;
  readonly maxOutputTokens: number;
  readonly defaultOutputTokens: number;
  readonly fallbacks: readonly string[];
  readonly enabled: boolean;
  /** `kept`: the price in force stays; `listed`: from the bundled price list */
  readonly price: "kept" | "listed" | "own";
  /** dollars per million tokens */
  readonly input: number;
  readonly output: number;
};

export const EMPTY: Filled = {
  provider: null,
  upstreamName: "",
  slug: null,
  fallbacks: [],
  enabled: true,
  price: "listed",
  input: 0,
  output: 0,
  contextTokens: 128_000,
  maxOutputTokens: 16_384,
  defaultOutputTokens: 1024,
};

export function filledFrom(model: ModelView, provider: string | null): Filled {
  const { upstreamName, slug, contextTokens, maxOutputTokens, defaultOutputTokens, fallbacks, enabled } = model;
  const sizes = { contextTokens, maxOutputTokens, defaultOutputTokens };
  return { ...EMPTY, ...sizes, provider, upstreamName, slug, fallbacks, enabled, price: "kept" };
}

/** The body of PUT /models/{slug}. */
export function modelBody(filled: Filled): Record<string, unknown> {
  const { price, input, output, slug: _slug, ...rest } = filled;
  const micro = (dollars: number) => Math.round(dollars * MICRO_USD);
  const own = { inputMicroUsdPerMillion: micro(input), outputMicroUsdPerMillion: micro(output) };
  const prices = { kept: { price: "keep" }, listed: {}, own: { price: own } };
  return { ...rest, upstreamName: filled.upstreamName.trim(), ...prices[price] };
}
