import { z } from "zod";
import type { Card, Price, Rates } from "@/lib/money/price";

/** $1,000 per million tokens */
const RATE_MAX = 1_000_000_000;
/** $1,000 per use */
const FEE_MAX = 1_000_000_000;
const TIERS_MAX = 8;
const rate = z.number().int().min(0).max(RATE_MAX);

const rates = {
  inputMicroUsdPerMillion: rate,
  /** absent: as input */
  cachedInputMicroUsdPerMillion: rate.optional(),
  outputMicroUsdPerMillion: rate,
  /** writes to a cache that lives for 5 minutes; absent: 1.25 times the input */
  cacheWriteMicroUsdPerMillion: rate.optional(),
  /** … and for an hour; absent: twice the input */
  cacheWriteHourMicroUsdPerMillion: rate.optional(),
  /** these are parts of the input or the output, and cost as much when absent */
  audioInputMicroUsdPerMillion: rate.optional(),
  imageInputMicroUsdPerMillion: rate.optional(),
  reasoningMicroUsdPerMillion: rate.optional(),
  audioOutputMicroUsdPerMillion: rate.optional(),
  imageOutputMicroUsdPerMillion: rate.optional(),
};

const card = {
  ...rates,
  /** The whole request costs these rates when its input has more tokens. */
  tiers: z
    .array(z.strictObject({ aboveInputTokens: z.number().int().min(0).max(100_000_000), ...rates }))
    .max(TIERS_MAX)
    .optional(),
};

const name = z.string().regex(/^[\w.-]{1,32}$/, "letters, digits and _ . -, at most 32");

/** A price as operators write it. */
export const priceFields = {
  ...card,
  /** flex, priority, batch …: by the provider's name of the service tier */
  serviceTiers: z
    .record(name, z.strictObject(card))
    .refine((value) => Object.keys(value).length <= TIERS_MAX, `at most ${TIERS_MAX}`)
    .optional(),
  /** micro-dollars per use: request, web_search, file_search, code_execution, search_source, or a hosted tool's type */
  feesMicroUsd: z
    .record(z.string().min(1).max(64), z.number().int().min(0).max(FEE_MAX))
    .refine((value) => Object.keys(value).length <= 32, "at most 32")
    .optional(),
};

type RatesInput = z.infer<z.ZodObject<typeof rates>>;
type CardInput = z.infer<z.ZodObject<typeof card>>;
export type PriceInput = z.infer<z.ZodObject<typeof priceFields>>;

export function priceFrom({ serviceTiers, feesMicroUsd, ...input }: PriceInput): Price {
  const tiers = Object.entries(serviceTiers ?? {}).map(([tier, own]) => [tier, cardFrom(own)] as const);
  return {
    ...cardFrom(input),
    ...(tiers.length === 0 ? {} : { serviceTiers: Object.fromEntries(tiers) }),
    ...(Object.keys(feesMicroUsd ?? {}).length === 0 ? {} : { fees: feesMicroUsd ?? {} }),
  };
}

function cardFrom({ tiers = [], ...input }: CardInput): Card {
  const longContext = tiers.map(({ aboveInputTokens, ...above }) => ({ ...ratesFrom(above), aboveInputTokens }));
  return { ...ratesFrom(input), ...(longContext.length === 0 ? {} : { longContext }) };
}

const SUFFIX = "MicroUsdPerMillion";

function ratesFrom(input: RatesInput): Rates {
  const { inputMicroUsdPerMillion, cachedInputMicroUsdPerMillion, outputMicroUsdPerMillion, ...parts } = input;
  const others = Object.entries(parts).flatMap(([part, value]) =>
    value === undefined ? [] : [[part.slice(0, -SUFFIX.length), value] as const],
  );
  return {
    ...Object.fromEntries(others),
    input: inputMicroUsdPerMillion,
    cachedInput: cachedInputMicroUsdPerMillion ?? inputMicroUsdPerMillion,
    output: outputMicroUsdPerMillion,
  };
}

/** A price in the operators' form. */
export type PriceWords = Omit<PriceInput, "cachedInputMicroUsdPerMillion"> & {
  readonly cachedInputMicroUsdPerMillion: number;
};

export function priceWords({ serviceTiers, fees, ...price }: Price): PriceWords {
  const tiers = Object.entries(serviceTiers ?? {}).map(([tier, own]) => [tier, cardWords(own)] as const);
  return {
    ...cardWords(price),
    ...(tiers.length === 0 ? {} : { serviceTiers: Object.fromEntries(tiers) }),
    ...(fees === undefined ? {} : { feesMicroUsd: { ...fees } }),
  };
}

function cardWords({ longContext = [], ...own }: Card) {
  const tiers = longContext.map(({ aboveInputTokens, ...above }) => ({ aboveInputTokens, ...ratesWords(above) }));
  return { ...ratesWords(own), ...(tiers.length === 0 ? {} : { tiers }) };
}

function ratesWords({ input, cachedInput, output, ...parts }: Rates) {
  const others = Object.entries(parts).map(([part, value]) => [`${part}${SUFFIX}`, value] as const);
  return {
    inputMicroUsdPerMillion: input,
    cachedInputMicroUsdPerMillion: cachedInput,
    outputMicroUsdPerMillion: output,
    ...Object.fromEntries(others),
  };
}

/** A price as a row of the catalogue. */
export function priceRow({ input, cachedInput, output, ...more }: Price) {
  return {
    inputMicroUsdPerMillion: input,
    cachedInputMicroUsdPerMillion: cachedInput,
    outputMicroUsdPerMillion: output,
    more,
  };
}
