/** What a limit counts. The order is the order in which a person reads them. */
export const DIMENSIONS = [
  "requests",
  "input_tokens",
  "output_tokens",
  "total_tokens",
  "cost_micro_usd",
  "concurrency",
] as const;

export type Dimension = (typeof DIMENSIONS)[number];

/** Integer amount per dimension. A dimension that a call does not touch is 0. Money is in micro-dollars. */
export type Amounts = Readonly<Record<Dimension, number>>;

export const NO_AMOUNTS: Amounts = {
  requests: 0,
  input_tokens: 0,
  output_tokens: 0,
  total_tokens: 0,
  cost_micro_usd: 0,
  concurrency: 0,
};

/** The words that refusals, headers and pages use. `noun` takes the place of "{n} of {m} ___ used". */
export const DIMENSION_WORDS: Readonly<Record<Dimension, { noun: string; title: string; short: string }>> = {
  requests: { noun: "requests", title: "Request limit", short: "requests" },
  input_tokens: { noun: "input tokens", title: "Input token limit", short: "input tokens" },
  output_tokens: { noun: "output tokens", title: "Output token limit", short: "output tokens" },
  total_tokens: { noun: "tokens", title: "Token limit", short: "tokens" },
  cost_micro_usd: { noun: "US dollars", title: "Spend limit", short: "spend" },
  concurrency: { noun: "concurrent calls", title: "Concurrency limit", short: "concurrent calls" },
};
