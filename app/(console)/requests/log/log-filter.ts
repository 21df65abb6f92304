import { parseAsString, parseAsStringLiteral } from "nuqs";
import { DAY_SECONDS, MINUTE_MS } from "@/app/_ui/time/spans";
import type { SumSplit } from "@/lib/console/requests/log-sums";
import { isPreset, PRESET_NAMES, type Preset, spanOf } from "../../../_ui/time/time-range";

export const FACETS = [
  ...([
    "kind",
    "tenant",
    "model",
    "outcome",
    "limitName",
    "endpoint",
    "key",
    "address",
    "feature",
    "session",
    "agent",
    "tag",
  ] as const),
];
export type Facet = (typeof FACETS)[number];

export const FACET_WORDS: Readonly<Record<Facet | "user", string>> = {
  kind: "Kind",
  tenant: "Tenant",
  model: "Model",
  outcome: "Outcome",
  limitName: "Limit",
  endpoint: "Endpoint",
  key: "API key",
  address: "Address",
  user: "User",
  feature: "Feature",
  session: "Session",
  agent: "Agent",
  tag: "Tag",
};

/** Every filter is part of the address, so a link shows the same. */
export const LOG_PLACE = {
  kind: parseAsString,
  tenant: parseAsString,
  model: parseAsString,
  outcome: parseAsString,
  limitName: parseAsString,
  endpoint: parseAsString,
  key: parseAsString,
  address: parseAsString,
  feature: parseAsString,
  session: parseAsString,
  agent: parseAsString,
  tag: parseAsString,
  user: parseAsString,
  from: parseAsString,
  to: parseAsString,
  month: parseAsString,
  range: parseAsStringLiteral(PRESET_NAMES).withDefault("24h"),
};

export type LogPlace = { readonly [Name in Exclude<keyof typeof LOG_PLACE, "range">]: string | null } & {
  readonly range: Preset;
};

/** What the calls can be summed by, most frequent questions first. */
export const GROUPS = [
  "key",
  "tenant",
  "user",
  "model",
  "feature",
  "session",
  "agent",
  "tag",
  "endpoint",
  "address",
  "outcome",
] as const satisfies readonly SumSplit[];
export type LogGroup = (typeof GROUPS)[number];

/** How the lines are shown: one by one, or as sums. */
export const LOG_SUMS = {
  group: parseAsStringLiteral(GROUPS),
  order: parseAsStringLiteral(["cost", "calls", "tokens", "failed", "refused"] as const).withDefault("cost"),
};

/** The filter for the calls of a line of the sums. */
export function narrowedTo(
  by: LogGroup,
  { value, tenant }: { readonly value: string; readonly tenant: string | null },
): Partial<LogPlace> {
  return { ...(tenant === null ? {} : { tenant }), [by]: value };
}

/** What a saved view keeps of the page's address: all but the position in the list. */
export function viewOf(address: { toString(): string }): string {
  const query = new URLSearchParams(address.toString());
  query.delete("after");
  return query.toString();
}

const MS_PER_SECOND = 1000;
/** A histogram has about as many bars as fit side by side. */
const BARS = 60;

/**
 * The query in the API's form. A relative range counts from the minute of `now`: a live page then asks the same question
 * again, and an unchanged answer is not sent again.
 */
export function queryOf(place: LogPlace, now: number): Record<string, string> {
  const { range: _range, month: _month, ...filters } = place;
  const { from, to } = spanOf(place, now);
  const isoOf = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
  const start = from === null || !isPreset(place) ? from : Math.floor(from / MINUTE_MS) * MINUTE_MS;
  const named = Object.entries({ ...filters, from: isoOf(start), to: isoOf(to) });
  return Object.fromEntries(named.flatMap(([name, value]) => (value === null || value === "" ? [] : [[name, value]])));
}

/** The width of a bar, in seconds: at least a minute, because denied calls are counted per minute. */
export function bucketSecondsOf(place: LogPlace, now: number): number {
  const { from, to } = spanOf(place, now);
  const span = from === null ? WEEK_SECONDS : ((to ?? now) - from) / MS_PER_SECOND;
  return WIDTHS.find((width) => span / width <= BARS) ?? DAY_SECONDS;
}

const WEEK_SECONDS = 7 * DAY_SECONDS;
const WIDTHS = [60, 300, 900, 1800, 3600, 10_800, 21_600];
