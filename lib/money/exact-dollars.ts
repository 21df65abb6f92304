const MICRO_USD = 1_000_000;
const MICRO_USD_PER_CENT = 10_000;

/** Micro-dollars as text for refusals and alerts: whole cents with two decimals, else four, so that a sum can be checked. */
export function exactDollars(microUsd: number): string {
  const digits = microUsd % MICRO_USD_PER_CENT === 0 ? 2 : 4;
  return `$${(microUsd / MICRO_USD).toFixed(digits)}`;
}
