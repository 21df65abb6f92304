import type { Measure } from "@/lib/console/overview/movers/top-movers.shared";
import { compact, count, dollarsAlike } from "../../_ui/figures/format";

export const MEASURE_WORDS: Readonly<Record<Measure, string>> = {
  calls: "Admitted calls",
  tokens: "Tokens",
  costMicroUsd: "Spend",
  refused: "Refused calls",
};

/** Figures of a measure, short; all sums of money with one number of decimals. `all`: those that are shown together. */
export function measured(measure: Measure, all: readonly number[]): (value: number) => string {
  if (measure === "costMicroUsd") return dollarsAlike(all);
  return measure === "tokens" ? compact : count;
}

/** The tenant's calls of that hour in the request log. */
export function logOf(measure: Measure, slug: string, { from, to }: { from: string; to: string }): string {
  const kind = measure === "refused" ? { kind: "refused" } : {};
  return `/requests/log?${new URLSearchParams({ tenant: slug, ...kind, from, to })}`;
}
