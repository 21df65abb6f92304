import { own } from "./own";
import type { TokenPart } from "./usage";

/** Micro-dollars per million tokens. A part without its own rate is billed like its whole. */
export type Rates = Readonly<Partial<Record<TokenPart, number>>> & {
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
};

/** The rates of one service tier. */
export type Card = Rates & {
  /** Rates for the whole request if its input has more tokens than a bound; the highest passed bound counts. */
  readonly longContext?: readonly (Rates & { readonly aboveInputTokens: number })[];
};

/** The price of a model: one type for the catalogue, the reservation, the bill and the console. */
export type Price = Card & {
  /** by the provider's name of the tier: flex, priority, batch … */
  readonly serviceTiers?: Readonly<Record<string, Card>>;
  /** micro-dollars per use: `request`, and hosted tools by their fee's name */
  readonly fees?: Readonly<Record<string, number>>;
};

/** A price without the three rates that every model has. */
export type PriceMore = Omit<Price, "input" | "cachedInput" | "output">;

/** A price as stored in the catalogue. */
export function priceOf(row: {
  readonly inputMicroUsdPerMillion: number;
  readonly cachedInputMicroUsdPerMillion: number;
  readonly outputMicroUsdPerMillion: number;
  readonly more: PriceMore;
}): Price {
  return {
    input: row.inputMicroUsdPerMillion,
    cachedInput: row.cachedInputMicroUsdPerMillion,
    output: row.outputMicroUsdPerMillion,
    ...row.more,
  };
}

export const FREE_OF_CHARGE: Price = { input: 0, cachedInput: 0, output: 0 };

/** Names of the tier that the plain rates are for. */
const PLAIN_TIERS: ReadonlySet<string> = new Set(["default", "standard", "standard_only", "auto", "on_demand"]);

export function isPlainTier(tier: string | null | undefined): boolean {
  return tier == null || PLAIN_TIERS.has(tier);
}

/** Whether a request for this tier has a price of its own. */
export function isTierPriced(price: Price, tier: string): boolean {
  if (isPlainTier(tier) || own(price.serviceTiers, tier) !== undefined) return true;
  const rest = withoutRegion(tier);
  return rest !== null && isTierPriced(price, rest);
}

/** Anthropic serves a call within the United States at 1.1 times the rates, whatever its tier. */
const US = "geo-us";
const US_THOUSANDTHS = 1100;

/** The tier of a call that names this region as well; null = it does not. */
function withoutRegion(tier: string): string | null {
  if (tier === US) return "default";
  return tier.endsWith(`+${US}`) ? tier.slice(0, -`+${US}`.length) : null;
}

/**
 * Price of an unpriced service tier in thousandths of the plain rates. More expensive tiers are doubled, as vendors do.
 * Cheaper tiers get no unconfirmed discount. Callers with a money limit are refused before.
 */
const UNPRICED_TIERS: Readonly<Record<string, number>> = { flex: 1000, batch: 1000 };
const UNPRICED_TIER = 2000;

/** The rates for a service tier and the length of the input. */
export function ratesFor(price: Price, tier: string | null | undefined, inputTokens: number): Rates {
  const card = tier == null ? price : cardOf(price, tier);
  const passed = (card.longContext ?? []).filter(({ aboveInputTokens }) => inputTokens > aboveInputTokens);
  return passed.reduce<Rates & { aboveInputTokens?: number }>(
    (best, one) => (one.aboveInputTokens > (best.aboveInputTokens ?? -1) ? one : best),
    card,
  );
}

function cardOf(price: Price, tier: string): Card {
  if (isPlainTier(tier)) return price;
  const card = own(price.serviceTiers, tier);
  if (card !== undefined) return card;
  const rest = withoutRegion(tier);
  if (rest !== null) return times(cardOf(price, rest), US_THOUSANDTHS);
  return times(price, own(UNPRICED_TIERS, tier) ?? UNPRICED_TIER);
}

function times(card: Price, thousandths: number): Card {
  const { longContext = [], serviceTiers: _tiers, fees: _fees, ...rates } = card;
  return {
    ...scaled(rates, thousandths),
    longContext: longContext.map(({ aboveInputTokens, ...above }) => ({
      ...scaled(above, thousandths),
      aboveInputTokens,
    })),
  };
}

function scaled(rates: Rates, thousandths: number): Rates {
  const { input, cachedInput, output, ...parts } = rates;
  const by = (rate: number) => Math.ceil((rate * thousandths) / 1000);
  const others = Object.fromEntries(Object.entries(parts).map(([part, rate]) => [part, by(rate)]));
  return { ...others, input: by(input), cachedInput: by(cachedInput), output: by(output) };
}

/**
 * Micro-dollars per use of hosted tools without a price of their own: web search $10 and file search $2.50 per thousand,
 * code $0.03 per container, sources found $25 per thousand. By the public price pages of OpenAI, Anthropic and xAI.
 */
const USUAL_FEES: Readonly<Record<string, number>> = {
  web_search: 10_000,
  file_search: 2_500,
  code_execution: 30_000,
  search_source: 25_000,
};

/** Micro-dollars for one use; null = no price. */
export function feeOf(price: Price, fee: string): number | null {
  return own(price.fees, fee) ?? own(USUAL_FEES, fee) ?? null;
}
