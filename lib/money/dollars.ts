const MICRO_USD = 1_000_000;
const MICRO_USD_PER_CENT = 10_000;

/** Micro-dollars in words, as in refusals and alerts: whole cents with two digits, anything else with four. */
export function dollars(microUsd: number): string {
  const digits = microUsd % MICRO_USD_PER_CENT === 0 ? 2 : 4;
  return `$${(microUsd / MICRO_USD).toFixed(digits)}`;
}
