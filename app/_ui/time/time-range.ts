import { DAY_SECONDS, MINUTE_MS } from "@/app/_ui/time/spans";

const SECOND_MS = 1000;

/** Presets by name; null = back to the oldest call. */
export const PRESETS = {
  "15m": { seconds: 900, words: "15 min" },
  "1h": { seconds: 3600, words: "1 h" },
  "24h": { seconds: DAY_SECONDS, words: "24 h" },
  "7d": { seconds: 604_800, words: "7 days" },
  "30d": { seconds: 2_592_000, words: "30 days" },
  all: { seconds: null, words: "All" },
} as const;
export type Preset = keyof typeof PRESETS;
export const PRESET_NAMES = ["15m", "1h", "24h", "7d", "30d", "all"] as const satisfies readonly Preset[];

/** The choice in the address. A month takes precedence over from and to, and these over the preset. */
export type TimeChoice = {
  readonly range: Preset;
  /** ISO moments */
  readonly from: string | null;
  readonly to: string | null;
  /** 2026-11: the calendar month in UTC, as in the ledger */
  readonly month: string | null;
};

/** In ms. `from` null = no beginning; `to` null = no end. */
export type Span = { readonly from: number | null; readonly to: number | null };

/** The chosen range; invalid values in the address count as not chosen. */
export function spanOf({ range, from, to, month }: TimeChoice, now: number): Span {
  const bounds = monthBounds(month);
  if (bounds !== null) return { from: bounds.from, to: bounds.to > now ? null : bounds.to };
  const [first, last] = [msOf(from), msOf(to)];
  if (first !== null || last !== null) return { from: first, to: last };
  const { seconds } = PRESETS[range];
  return { from: seconds === null ? null : now - seconds * SECOND_MS, to: null };
}

/** The chosen range in the API's form, without open ends. */
export function spanQuery(choice: TimeChoice, now: number): { readonly from?: string; readonly to?: string } {
  const { from, to } = spanOf(choice, now);
  return {
    ...(from === null ? {} : { from: new Date(from).toISOString() }),
    ...(to === null ? {} : { to: new Date(to).toISOString() }),
  };
}

/** The same in whole UTC days, including the last one. */
export function dayQuery(choice: TimeChoice, now: number): { readonly from?: string; readonly to?: string } {
  const { from, to } = spanOf(choice, now);
  // A range that ends at midnight does not include the day that begins then.
  return {
    ...(from === null ? {} : { from: new Date(from).toISOString().slice(0, 10) }),
    ...(to === null ? {} : { to: new Date(to - 1).toISOString().slice(0, 10) }),
  };
}

/** Whether a preset is in effect. */
export function isPreset(choice: TimeChoice): boolean {
  return monthBounds(choice.month) === null && msOf(choice.from) === null && msOf(choice.to) === null;
}

/**
 * The previous period, as long as the elapsed part of the chosen one; for a month the same days of the month before.
 * Null when the chosen one has no beginning.
 */
export function periodBefore(choice: TimeChoice, now: number): { readonly from: number; readonly to: number } | null {
  const { from, to } = spanOf(choice, now);
  if (from === null) return null;
  const passed = Math.max(0, Math.min(to ?? now, now) - from);
  const bounds = monthBounds(choice.month);
  if (bounds === null) return { from: from - passed, to: from };
  const earlier = new Date(bounds.from);
  const start = Date.UTC(earlier.getUTCFullYear(), earlier.getUTCMonth() - 1);
  // A whole month is compared with the whole month before, whatever their numbers of days.
  return { from: start, to: to === null ? Math.min(start + passed, bounds.from) : bounds.from };
}

/** The calendar month this many before that of a moment, in UTC: "2026-10". */
export function monthBack(at: Date, months: number): string {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - months, 1)).toISOString().slice(0, 7);
}

function monthBounds(month: string | null): { from: number; to: number } | null {
  const [, year, number] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(month ?? "") ?? [];
  if (year === undefined || number === undefined) return null;
  return { from: Date.UTC(Number(year), Number(number) - 1), to: Date.UTC(Number(year), Number(number)) };
}

function msOf(moment: string | null): number | null {
  const ms = moment === null ? Number.NaN : Date.parse(moment);
  return Number.isNaN(ms) ? null : ms;
}

/** A moment in the form of a date-and-time field, in the reader's zone or in UTC; empty = none. */
export function fieldOf(ms: number | null, zone: "local" | "utc"): string {
  if (ms === null) return "";
  const offsetMs = zone === "utc" ? 0 : new Date(ms).getTimezoneOffset() * MINUTE_MS;
  return new Date(ms - offsetMs).toISOString().slice(0, 16);
}

/** The moment in such a field; null when it is empty or invalid. */
export function momentIn(field: string, zone: "local" | "utc"): string | null {
  const ms = Date.parse(zone === "utc" ? `${field}Z` : field);
  return field === "" || Number.isNaN(ms) ? null : new Date(ms).toISOString();
}
