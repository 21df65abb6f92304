import { amount } from "../figures/format";

type Line = {
  readonly name: string;
  readonly dimension: string;
  readonly limit: number;
  readonly remaining: number;
  readonly observe: boolean;
};

/** Most frequent questions first: may I call, how much may I say, what may it cost. */
const ORDER = ["concurrency", "requests", "total_tokens", "input_tokens", "output_tokens", "cost_micro_usd"];

/**
 * What is left in one sentence: for each kind of amount the limit with the smallest rest, which the next calls meet
 * first. Null where it would name every limit, as the limits below it do. Observing limits refuse nothing and are left out.
 */
export function leftWords(lines: readonly Line[]): string | null {
  const parts = ORDER.flatMap((dimension) => {
    const [least] = lines
      .filter((line) => line.dimension === dimension && !line.observe)
      .toSorted((one, other) => one.remaining - other.remaining);
    return least === undefined ? [] : `${amount(dimension, Math.max(0, least.remaining))} (${least.name})`;
  });
  if (parts.length === lines.filter(({ observe }) => !observe).length) return null;
  const last = parts.at(-1) ?? "";
  const list = parts.length === 1 ? last : `${parts.slice(0, -1).join(", ")} and ${last}`;
  return `You have ${list} left.`;
}
