import { own } from "./own";
import { feeOf, isPlainTier, isTierPriced, type Price, type Rates, ratesFor } from "./price";
import { INPUT_PARTS, OUTPUT_PARTS, type TokenPart, type Usage } from "./usage";

/** One line of a bill: a count and its price in micro-dollars per million. */
export type CostLine = { readonly of: string; readonly count: number; readonly rate: number };

export type Cost = { readonly microUsd: number; readonly lines: readonly CostLine[] };

const MILLION = 1_000_000n;

/** Whole micro-dollars for the lines of a bill, rounded up once. */
export function sumOf(lines: readonly CostLine[]): number {
  let total = 0;
  for (const { count, rate } of lines) total += count * rate;
  return Number.isSafeInteger(total) ? Math.ceil(total / 1_000_000) : largeSumOf(lines);
}

/** The same where the products leave the integers of a double. */
function largeSumOf(lines: readonly CostLine[]): number {
  const total = lines.reduce((sum, { count, rate }) => sum + BigInt(count) * BigInt(rate), 0n);
  return Number((total + MILLION - 1n) / MILLION);
}

/** The cost of a call, with the lines that it is computed from. */
export function costOf(usage: Usage, price: Price): Cost {
  const rates = ratesFor(price, usage.serviceTier, usage.longestTurnTokens ?? usage.inputTokens);
  const all = [...inputLines(usage, rates), ...outputLines(usage, rates), ...feeLines(usage, price)];
  const lines = all.filter(({ count }) => count > 0);
  return { microUsd: sumOf(lines), lines };
}

function inputLines({ inputTokens, cachedInputTokens, parts = {} }: Usage, rates: Rates): CostLine[] {
  const cached = Math.min(cachedInputTokens, inputTokens);
  const { lines, rest } = split(inputTokens - cached, INPUT_PARTS, parts, (part) => inputRate(part, rates));
  return [
    { of: "input", count: rest, rate: rates.input },
    { of: "cachedInput", count: cached, rate: rates.cachedInput },
    ...lines,
  ];
}

function outputLines({ outputTokens, parts = {} }: Usage, rates: Rates): CostLine[] {
  const { lines, rest } = split(outputTokens, OUTPUT_PARTS, parts, (part) => rates[part] ?? null);
  return [{ of: "output", count: rest, rate: rates.output }, ...lines];
}

/** Subtracts priced parts from a total. Their sum never exceeds it. */
function split<Part extends TokenPart>(
  total: number,
  names: readonly Part[],
  parts: NonNullable<Usage["parts"]>,
  rateOf: (part: Part) => number | null,
): { lines: CostLine[]; rest: number } {
  let rest = total;
  const lines: CostLine[] = [];
  for (const of of names) {
    const count = Math.min(parts[of] ?? 0, rest);
    const rate = count === 0 ? null : rateOf(of);
    if (rate === null) continue;
    rest -= count;
    lines.push({ of, count, rate });
  }
  return { lines, rest };
}

/** Default price of a cache write in thousandths of the input price, as at Anthropic. */
const CACHE_WRITE: Readonly<Partial<Record<TokenPart, bigint>>> = { cacheWrite: 1250n, cacheWriteHour: 2000n };

function inputRate(part: (typeof INPUT_PARTS)[number], rates: Rates): number | null {
  const rate = rates[part];
  const thousandths = CACHE_WRITE[part];
  if (rate !== undefined || thousandths === undefined) return rate ?? null;
  return Number((BigInt(rates.input) * thousandths + 999n) / 1000n);
}

function feeLines({ uses = {} }: Usage, price: Price): CostLine[] {
  const all = price.fees?.request === undefined ? uses : { request: 1, ...uses };
  return Object.entries(all).map(([of, count]) => ({ of, count, rate: (feeOf(price, of) ?? 0) * 1_000_000 }));
}

/** Units that are billed per piece if the model's price has such a fee, otherwise by tokens. */
export type CostPiece = { readonly fee: string; readonly most: number };

/** The priced parts that a request can cause. */
export type Asks = {
  /** as named by the caller; null = not named */
  readonly serviceTier: string | null;
  /**
   * the most expensive cache write that its marks can cause; "ifPriced": the provider writes automatically, at its own
   * price if any
   */
  readonly cacheWrite: "cacheWrite" | "cacheWriteHour" | "ifPriced" | null;
  /** hosted tools by fee name, with the maximum number of uses */
  readonly tools: readonly { readonly fee: string; readonly most: number }[];
  /** sound or pictures in the input */
  readonly hasMedia: boolean;
  /** output other than text */
  readonly outputParts: readonly ("audioOutput" | "imageOutput")[];
  /** pictures, characters, seconds, searches; absent = no billing per piece */
  readonly pieces?: readonly CostPiece[];
};

/** Rates of a reservation: micro-dollars per million tokens, and micro-dollars per call. */
export type HeldPrice = { readonly input: number; readonly output: number; readonly fees: number };

/**
 * The highest rates that a request can cause: the higher of the plain rates and the requested tier's rates at its
 * possible input length, with marked cache writes, reasoning, and all allowed uses of hosted tools.
 */
export function heldPrice(price: Price, asks: Asks, inputTokensMost: number): HeldPrice {
  const rates = ratesWithin(price, asks.serviceTier, inputTokensMost);
  const uses = asks.tools.reduce((sum, { fee, most }) => sum + (feeOf(price, fee) ?? 0) * most, 0);
  const pieces = (asks.pieces ?? []).reduce((sum, { fee, most }) => sum + (own(price.fees, fee) ?? 0) * most, 0);
  return { ...highestOf(rates, asks), fees: uses + pieces + (price.fees?.request ?? 0) };
}

/** The parts of a request that decide which of the rates count. */
export type RateAsks = Pick<Asks, "cacheWrite" | "hasMedia" | "outputParts">;

export const NO_RATE_ASKS: RateAsks = { cacheWrite: null, hasMedia: false, outputParts: [] };

const WRITES = [null, "ifPriced", "cacheWrite", "cacheWriteHour"] as const;

/** What both of two requests ask for: the more expensive cache write, and all other parts. */
export function bothAsks(one: RateAsks, other: RateAsks): RateAsks {
  const isLess = WRITES.indexOf(one.cacheWrite) < WRITES.indexOf(other.cacheWrite);
  return {
    cacheWrite: isLess ? other.cacheWrite : one.cacheWrite,
    hasMedia: one.hasMedia || other.hasMedia,
    outputParts: [...new Set([...one.outputParts, ...other.outputParts])],
  };
}

/** The highest of some rates that such a request can cause. */
export function highestOf(rates: readonly Rates[], asks: RateAsks): Omit<HeldPrice, "fees"> {
  return {
    input: Math.max(...rates.flatMap((one) => inputRatesOf(one, asks))),
    output: Math.max(...rates.flatMap((one) => outputRatesOf(one, asks))),
  };
}

/** All rates that may apply up to an input length; each once. */
function ratesWithin(price: Price, serviceTier: string | null, inputTokensMost: number): readonly Rates[] {
  const isPlain = isPlainTier(serviceTier);
  // The usual case: one set of rates for every length.
  if (isPlain && price.longContext === undefined) return [price];
  const tiers = isPlain ? [null] : [null, serviceTier];
  return tiers.flatMap((tier) => [ratesFor(price, tier, 0), ratesFor(price, tier, inputTokensMost)]);
}

function inputRatesOf(rates: Rates, { cacheWrite, hasMedia }: RateAsks): number[] {
  const written = cacheWrite === "ifPriced" ? rates.cacheWrite : cacheWrite && inputRate(cacheWrite, rates);
  const media = hasMedia ? [rates.audioInput ?? 0, rates.imageInput ?? 0] : [];
  return [rates.input, written ?? 0, ...media];
}

function outputRatesOf(rates: Rates, { outputParts }: RateAsks): number[] {
  return [rates.output, rates.reasoning ?? 0, ...outputParts.map((part) => rates[part] ?? 0)];
}

/** The part of a request without a price, in words; null = everything is priced. */
export function unpricedPart(price: Price, asks: Asks): { readonly param: string; readonly what: string } | null {
  const { serviceTier, tools } = asks;
  if (serviceTier !== null && !isTierPriced(price, serviceTier)) {
    return { param: "service_tier", what: `service tier ${JSON.stringify(serviceTier)}` };
  }
  const piece = (asks.pieces ?? []).find(({ fee }) => own(price.fees, fee) === undefined);
  if (piece !== undefined && price.input === 0 && price.output === 0) {
    return { param: "model", what: `fee ${JSON.stringify(piece.fee)}, by which this model is billed,` };
  }
  const tool = tools.find(({ fee }) => feeOf(price, fee) === null);
  return tool === undefined ? null : { param: "tools", what: `hosted tool ${JSON.stringify(tool.fee)}` };
}

/** The reservation rates of a call, from its row. Older rows have no fees. */
export function heldPriceOf(row: {
  readonly inputPrice: number;
  readonly outputPrice: number;
  readonly heldFeesMicroUsd?: number | undefined;
}): HeldPrice {
  return { input: row.inputPrice, output: row.outputPrice, fees: row.heldFeesMicroUsd ?? 0 };
}
