const MICRO_USD = 1_000_000;

/** By the amount's smallest part, in micro-dollars; the last one fits every amount. Made once: a format is dear to make. */
const FORMATS = [
  { part: 10_000, format: formatOf(2) },
  { part: 100, format: formatOf(4) },
  { part: 1, format: formatOf(6) },
];

function formatOf(decimals: number): Intl.NumberFormat {
  return new Intl.NumberFormat("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
}

/**
 * Micro-dollars as text for refusals and alerts, exact, so that a sum can be checked: whole cents with two decimals, else
 * four or six; commas between thousands.
 */
export function exactDollars(microUsd: number): string {
  const whole = Math.round(microUsd);
  const { format } = FORMATS.find(({ part }) => whole % part === 0) ?? { format: formatOf(6) };
  return `$${format.format(whole / MICRO_USD)}`;
}
