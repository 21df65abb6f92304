import type { Measure } from "@/lib/console/overview/movers/top-movers.shared";
import { compact, count, dollars } from "../../_ui/figures/format";

export const MEASURE_WORDS: Readonly<Record<Measure, string>> = {
  calls: "Admitted calls",
  tokens: "Tokens",
  costMicroUsd: "Spend",
  refused: "Refused calls",
};

/** A figure of a measure, short. */
export function measured(measure: Measure, value: number): string {
  if (measure === "costMicroUsd") return dollars(value);
  return measure === "tokens" ? compact(value) : count(value);
}

/** The tenant's calls of that hour in the request log. */
export function logOf(measure: Measure, slug: string, { from, to }: { from: string; to: string }): string {
  const kind = measure === "refused" ? { kind: "refused" } : {};
  return `/requests/log?${new URLSearchParams({ tenant: slug, ...kind, from, to })}`;
}
