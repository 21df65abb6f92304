import { MICRO_USD } from "../figures/format";

const STEPS = [1, 2, 2.5, 5, 10];
const PARTS = 4;
const CENTS = 2;

/** A chart's axis from 0 to a round sum at or above the most, in micro-dollars; its words have the same number of decimals. */
export function moneyAxis(most: number): { readonly ticks: number[]; readonly words: (microUsd: number) => string } {
  const least = Math.max(PARTS, most) / PARTS;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = Math.ceil(power * (STEPS.find((one) => one * power >= least) ?? 1));
  let digits = 0;
  while ((step * 10 ** digits) % MICRO_USD !== 0) digits += 1;
  const decimals = digits === 1 ? CENTS : digits;
  return {
    ticks: Array.from({ length: Math.ceil(most / step) + 1 }, (_, index) => index * step),
    words: (microUsd) =>
      microUsd === 0
        ? "$0"
        : `$${(microUsd / MICRO_USD).toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals })}`,
  };
}
