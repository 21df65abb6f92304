import { calcPrice } from "@pydantic/genai-prices";
import type { Price, Rates } from "@/lib/money/price";

/** The bundled list's names for our rates, in dollars per million tokens. */
const RATES: readonly (readonly [keyof Rates, string])[] = [
  ...([
    ["input", "input_mtok"],
    ["cachedInput", "cache_read_mtok"],
    ["output", "output_mtok"],
  ] as const),
  ...([
    ["cacheWrite", "cache_write_mtok"],
    ["cacheWriteHour", "cache_write_1h_mtok"],
  ] as const),
  ...([
    ["audioInput", "input_audio_mtok"],
    ["imageInput", "input_image_mtok"],
  ] as const),
  ...([
    ["audioOutput", "output_audio_mtok"],
    ["imageOutput", "output_image_mtok"],
  ] as const),
  ["reasoning", "output_reasoning_mtok"],
];

/** The same in dollars per thousand uses. */
const FEES = [
  ["web_search", "web_searches_kcount"],
  ["file_search", "storage_searches_kcount"],
  ["request", "requests_kcount"],
] as const;

const MICRO_USD = 1_000_000;
const MICRO_USD_OF_THOUSAND = 1000;

type Listed = NonNullable<ReturnType<typeof calcPrice>>["model_price"];

/**
 * A model's current list price by its provider's name for it: every rate, long inputs and fees; null = not listed.
 * `list`: the seller, whose price precedes the maker's. Service tiers are not listed: the operator enters them.
 */
export function knownPrice(upstreamName: string, list: string | null = null): Price | null {
  const asked = { input_tokens: 1, output_tokens: 1 };
  const own = list === null ? null : calcPrice(asked, upstreamName, { providerId: list });
  const listed = (own ?? calcPrice(asked, upstreamName))?.model_price;
  if (listed === undefined) return null;
  const base = ratesAt(listed, 0);
  if (base === null) return null;
  const longContext = startsIn(listed).flatMap((aboveInputTokens) => {
    const rates = ratesAt(listed, aboveInputTokens + 1);
    return rates === null ? [] : [{ ...rates, aboveInputTokens }];
  });
  const fees = FEES.flatMap(([fee, name]) => {
    const dollars = dollarsAt(listed[name], 0);
    return dollars === null ? [] : [[fee, Math.round(dollars * MICRO_USD_OF_THOUSAND)] as const];
  });
  return {
    ...base,
    ...(longContext.length === 0 ? {} : { longContext }),
    ...(fees.length === 0 ? {} : { fees: Object.fromEntries(fees) }),
  };
}

/** Whole micro-dollars per million tokens for an input of this size, in tokens. */
function ratesAt(listed: Listed, inputTokens: number): Rates | null {
  const known = RATES.flatMap(([rate, name]) => {
    const dollars = dollarsAt(listed[name], inputTokens);
    return dollars === null ? [] : [[rate, Math.round(dollars * MICRO_USD)] as const];
  });
  const { input, output, cachedInput, ...parts }: Partial<Rates> = Object.fromEntries(known);
  if (input === undefined) return null;
  // Embeddings have no output, so no output price.
  return { ...parts, input, cachedInput: cachedInput ?? input, output: output ?? 0 };
}

function dollarsAt(price: Listed[string], inputTokens: number): number | null {
  if (price === undefined) return null;
  if (typeof price === "number") return price;
  const passed = price.tiers.filter(({ start }) => inputTokens > start);
  return passed.reduce((best, tier) => (tier.start >= best.start ? tier : best), { start: -1, price: price.base })
    .price;
}

/** The input token counts above which other rates apply, ascending. */
function startsIn(listed: Listed): number[] {
  const starts = RATES.flatMap(([, name]) => {
    const price = listed[name];
    return price === undefined || typeof price === "number" ? [] : price.tiers.map(({ start }) => start);
  });
  return [...new Set(starts)].sort((left, right) => left - right);
}
