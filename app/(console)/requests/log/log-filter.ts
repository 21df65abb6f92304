import { parseAsString, parseAsStringLiteral } from "nuqs";

/** How far back the log goes, by what people say. */
export const RANGES = { "15m": 900, "1h": 3600, "24h": 86_400, "7d": 604_800, all: null } as const;
export type Range = keyof typeof RANGES;
export const RANGE_NAMES = ["15m", "1h", "24h", "7d", "all"] as const satisfies readonly Range[];

export const FACETS = [
  ...(["kind", "tenant", "model", "outcome", "limitName", "endpoint", "key", "address", "session", "agent"] as const),
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
  session: "Session",
  agent: "Agent",
};

/** Every filter is a part of the address, so that a link shows the same. */
export const LOG_PLACE = {
  kind: parseAsString,
  tenant: parseAsString,
  model: parseAsString,
  outcome: parseAsString,
  limitName: parseAsString,
  endpoint: parseAsString,
  key: parseAsString,
  address: parseAsString,
  session: parseAsString,
  agent: parseAsString,
  user: parseAsString,
  from: parseAsString,
  to: parseAsString,
  range: parseAsStringLiteral(RANGE_NAMES).withDefault("24h"),
};

export type LogPlace = { readonly [Name in Exclude<keyof typeof LOG_PLACE, "range">]: string | null } & {
  readonly range: Range;
};

const MS_PER_SECOND = 1000;
/** A histogram has about as many bars as fit beside each other. */
const BARS = 60;

/** What is asked for, as the API takes it; a relative range counts from `now`. */
export function queryOf({ range, from, to, ...filters }: LogPlace, now: number): Record<string, string> {
  const seconds = RANGES[range];
  const since = from ?? (seconds === null ? null : new Date(now - seconds * MS_PER_SECOND).toISOString());
  const named = Object.entries({ ...filters, from: since, to });
  return Object.fromEntries(named.flatMap(([name, value]) => (value === null || value === "" ? [] : [[name, value]])));
}

/** The width of a bar, in seconds: a minute at least, as what is turned away is counted per minute. */
export function bucketSecondsOf({ range, from, to }: LogPlace, now: number): number {
  const until = to === null ? now : Date.parse(to);
  const span = from === null ? (RANGES[range] ?? RANGES["7d"]) : (until - Date.parse(from)) / MS_PER_SECOND;
  return WIDTHS.find((width) => span / width <= BARS) ?? DAY_SECONDS;
}

const DAY_SECONDS = 86_400;
const WIDTHS = [60, 300, 900, 1800, 3600, 10_800, 21_600];
