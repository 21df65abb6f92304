import { DAY_SECONDS } from "@/app/_ui/time/spans";
/** Numbers for people; the caller adds units. */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** "12.3k", "4.5M": for cards, where the magnitude matters. */
export function compact(value: number): string {
  return Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 }).format(value);
}

/** Money is entered in dollars and stored in micro-dollars. */
export const MICRO_USD = 1_000_000;

/**
 * Micro-dollars as dollars, so that a small sum does not look like zero: with two decimals from one dollar and for whole
 * cents, otherwise with four, and below a tenth of a cent with six. Sums of one column: `dollarsAlike`.
 */
export function dollars(microUsd: number): string {
  return fixed(microUsd, decimalsOf(microUsd));
}

function decimalsOf(microUsd: number): number {
  const size = Math.abs(microUsd);
  if (size >= MICRO_USD || size % MICRO_USD_PER_CENT === 0) return 2;
  return size < MICRO_USD_PER_CENT / 10 ? DIGITS_MAX : 4;
}

const MICRO_USD_PER_CENT = MICRO_USD / 100;

function fixed(microUsd: number, digits: number): string {
  return (microUsd / MICRO_USD).toLocaleString("en-US", {
    style: "currency",
    currency: "USD",
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
}

const DIGITS_MAX = 6;

/** Sums of one column with one number of decimals: as many as the smallest needs, and fewer beside large sums. */
export function dollarsAlike(all: readonly number[]): (microUsd: number) => string {
  const most = Math.max(...all.map(Math.abs), 0) / MICRO_USD;
  const allowed = most >= 100 ? 2 : most >= 1 ? 4 : DIGITS_MAX;
  const digits = Math.min(Math.max(...all.map(decimalsOf), 2), allowed);
  return withDecimals(digits);
}

/** Sums of one column without rounding, so that printed lines add up to their printed total. */
export function dollarsExact(all: readonly number[]): (microUsd: number) => string {
  const isWhole = (part: number) => all.every((one) => one % part === 0);
  return withDecimals(isWhole(10_000) ? 2 : isWhole(100) ? 4 : DIGITS_MAX);
}

/** A sum that is not zero never looks like zero: "<$0.01". */
function withDecimals(digits: number): (microUsd: number) => string {
  const least = MICRO_USD * 10 ** -digits;
  return (microUsd) => (microUsd > 0 && microUsd < least / 2 ? `<${fixed(least, digits)}` : fixed(microUsd, digits));
}

/** "45 s", "3 min 5 s", "5 min", "2 h 10 min", "9 days 12 h": two units, the smaller one only if it is not zero. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const whole = Math.ceil(seconds);
  if (whole < 3600) return twoUnits(Math.floor(whole / 60), "min", whole % 60, "s");
  if (whole >= 2 * DAY_SECONDS)
    return twoUnits(Math.floor(whole / DAY_SECONDS), "days", Math.floor((whole % DAY_SECONDS) / 3600), "h");
  return twoUnits(Math.floor(whole / 3600), "h", Math.floor((whole % 3600) / 60), "min");
}

function twoUnits(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;
}

/** An amount of a dimension with its unit. */
export function amount(dimension: string, units: number): string {
  switch (dimension) {
    case "cost_micro_usd":
      return dollars(units);
    case "requests":
      return `${count(units)} ${units === 1 ? "request" : "requests"}`;
    case "concurrency":
      return `${count(units)} at once`;
    default:
      return `${count(units)} ${dimension === "total_tokens" ? "tokens" : dimension.replace("_", " ")}`;
  }
}

/** "8 of 10 requests", "$0.20 of $1.00", "2 of 10 at once". */
export function usedOf(dimension: string, used: number, limit: number): string {
  const whole = amount(dimension, limit);
  return dimension === "cost_micro_usd" ? `${dollars(used)} of ${whole}` : `${count(used)} of ${whole}`;
}

/** "1 call", "3 calls". */
export function plural(value: number, noun: string, nouns = `${noun}s`): string {
  return `${count(value)} ${value === 1 ? noun : nouns}`;
}

export const LAYER_WORDS: Readonly<Record<string, string>> = {
  global: "Everyone",
  provider: "Provider",
  model: "Model",
  ip: "Client address",
  tenant: "Tenant",
  user: "User",
  key: "API key",
  endpoint: "Endpoint",
  feature: "Feature",
  session: "Session of an agent",
  agent: "Agent",
  tag: "Tag",
};

/** Words of a table's head inside a sentence: "client address", "API key", "cost (US $)". */
export function inSentence(words: string): string {
  return words.replace(/^[A-Z](?![A-Z])/, (letter) => letter.toLowerCase());
}

export const DIMENSION_WORDS: Readonly<Record<string, string>> = {
  requests: "Requests",
  input_tokens: "Input tokens",
  output_tokens: "Output tokens",
  total_tokens: "Tokens (in + out)",
  cost_micro_usd: "Cost (US $)",
  concurrency: "Concurrent calls",
};

export const PRIORITY_WORDS = {
  interactive: "Interactive: somebody is waiting",
  standard: "Standard",
  batch: "Batch: may wait minutes",
  background: "Background: when there is room",
} as const;

/** "only model gpt-*, batch and less urgent": the calls of a narrowed limit; empty for all. */
export function matchWords(match: Readonly<Record<string, string | undefined>>): string {
  const parts = Object.entries(match).flatMap(([member, value]) =>
    value === undefined ? [] : member === "priority" ? `priority ${value} and less urgent` : `${member} ${value}`,
  );
  return parts.length === 0 ? "" : `only ${parts.join(", ")}`;
}

export const ALGORITHM_WORDS: Readonly<Record<string, string>> = {
  token_bucket: "Token bucket",
  leaky_bucket: "Leaky bucket (no burst)",
  sliding_window: "Sliding window",
  fixed_window: "Fixed window",
  calendar_window: "Calendar window",
  concurrency: "Concurrency",
};

/** "in 3 days", "2 hours ago", "just now". */
export function fromNow(at: string, now: number): string {
  const seconds = Math.round((Date.parse(at) - now) / 1000);
  const [unit, size] = STEPS.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  if (Math.abs(seconds) < 5) return "just now";
  return new Intl.RelativeTimeFormat("en", { numeric: "auto" }).format(Math.round(seconds / size), unit);
}

const STEPS: readonly (readonly ["day" | "hour" | "minute" | "second", number])[] = [
  ["day", DAY_SECONDS],
  ["hour", 3600],
  ["minute", 60],
  ["second", 1],
];
