import type { Measure } from "@/lib/console/overview/movers/top-movers";
import { compact, count, shortDollars } from "../../_ui/figures/format";

export const MEASURE_WORDS: Readonly<Record<Measure, string>> = {
  calls: "Admitted calls",
  tokens: "Tokens",
  costMicroUsd: "Spend",
  refused: "Refused calls",
};

/** From here on a factor says more than a percentage. */
const MANY_TIMES = 10;

/** "12×", "+240 %", "-15 %": a figure against the one of the day before; what was not there at all says so. */
export function changeWords(now: number, before: number): string {
  if (before === 0) return "none the day before";
  if (now === 0) return "now none";
  const times = now / before;
  if (times >= MANY_TIMES) return `${Math.round(times)}×`;
  const percent = Math.round((times - 1) * 100);
  if (percent === 0) return times > 1 ? "+ < 1 %" : "- < 1 %";
  return `${percent > 0 ? "+" : ""}${percent} %`;
}

/** A figure of a measure, short. */
export function measured(measure: Measure, value: number): string {
  if (measure === "costMicroUsd") return shortDollars(value);
  return measure === "tokens" ? compact(value) : count(value);
}

/** The tenant's calls of that hour in the request log. */
export function logOf(measure: Measure, slug: string, { from, to }: { from: string; to: string }): string {
  const kind = measure === "refused" ? { kind: "refused" } : {};
  return `/requests/log?${new URLSearchParams({ tenant: slug, ...kind, from, to })}`;
}
