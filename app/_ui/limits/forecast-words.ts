import { fromNow } from "../figures/format";

type Foreseen = {
  readonly remaining: number;
  readonly exhaustedAt: string | null;
  readonly exhaustedPace: string | null;
  /** it only counts */
  readonly observe: boolean;
  /** it has refused a call just now */
  readonly isRefusing: boolean;
};

/**
 * When a limit is used up, at which rate, or that it already refuses; null = no forecast. The same words on every page.
 * `now`: the moment of the figures, so that server and browser render the same.
 */
export function forecastWords(
  { remaining, exhaustedAt, exhaustedPace, observe, isRefusing }: Foreseen,
  now: number,
): string | null {
  if (remaining <= 0) return observe ? "used up, but only observed: refuses nothing" : "used up: refuses calls now";
  if (isRefusing) return "refuses calls now: the rest is too small for them";
  if (exhaustedAt === null) return null;
  return `used up ${fromNow(exhaustedAt, now)} at ${RATES[exhaustedPace ?? ""] ?? "this rate"}`;
}

const RATES: Readonly<Record<string, string>> = {
  last_hour: "the last hour's rate",
  window: "the rate of this window so far",
  last_seconds: "the rate of the last seconds",
};
