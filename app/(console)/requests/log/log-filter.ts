import { DAY_SECONDS, MINUTE_MS } from "@/app/_ui/time/spans";
import type { SumSplit } from "@/lib/console/requests/log-sums";
import { isPreset, PRESET_NAMES, spanOf, type TimeChoice } from "../../../_ui/time/time-range";

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

export type LogPlace = { readonly [Name in Facet | "user"]: string | null } & TimeChoice;

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

/** Lines of a page of the log. */
export const LINES_SHOWN = 50;

/** The log's lines, as the API's path. */
export function linesPath(place: LogPlace, now: number, more: Readonly<Record<string, string>>): string {
  return `requests?${new URLSearchParams({ ...queryOf(place, now), ...more })}`;
}

/** The counts of each value, as the API's path. */
export function facetsPath(place: LogPlace, now: number): string {
  const bucketSeconds = String(bucketSecondsOf(place, now));
  return linesPath(place, now, { bucketSeconds }).replace("requests?", "requests/facets?");
}

/** What the log reads first, from the page's address. */
export function firstLogReads(
  address: Readonly<Record<string, string | readonly string[] | undefined>>,
  now: number,
): string[] {
  const named = (name: string) => {
    const value = address[name];
    return typeof value === "string" ? value : null;
  };
  const range = PRESET_NAMES.find((preset) => preset === named("range")) ?? "24h";
  const time = { from: named("from"), to: named("to"), month: named("month"), range };
  const place = { ...placeOf(named), ...time };
  const group = GROUPS.find((one) => one === named("group"));
  const order = named("order") ?? "cost";
  const lines =
    group === undefined
      ? linesPath(place, now, { size: String(LINES_SHOWN), have: "" })
      : linesPath(place, now, { by: group, order }).replace("requests?", "requests/sums?");
  return [facetsPath(place, now), lines];
}

function placeOf(named: (name: string) => string | null): { readonly [Name in Facet | "user"]: string | null } {
  return {
    kind: named("kind"),
    tenant: named("tenant"),
    model: named("model"),
    outcome: named("outcome"),
    limitName: named("limitName"),
    endpoint: named("endpoint"),
    key: named("key"),
    address: named("address"),
    feature: named("feature"),
    session: named("session"),
    agent: named("agent"),
    tag: named("tag"),
    user: named("user"),
  };
}

/** The width of a bar, in seconds: at least a minute, because denied calls are counted per minute. */
export function bucketSecondsOf(place: LogPlace, now: number): number {
  const { from, to } = spanOf(place, now);
  const span = from === null ? WEEK_SECONDS : ((to ?? now) - from) / MS_PER_SECOND;
  return WIDTHS.find((width) => span / width <= BARS) ?? DAY_SECONDS;
}

const WEEK_SECONDS = 7 * DAY_SECONDS;
const WIDTHS = [60, 300, 900, 1800, 3600, 10_800, 21_600];
