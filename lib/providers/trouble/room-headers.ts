import { DAY_MS, HOUR_MS } from "@/lib/clock";
/** What providers count, under the names of our own dimensions. */
export const ROOM_DIMENSIONS = ["requests", "total_tokens", "input_tokens", "output_tokens"] as const;
export type RoomDimension = (typeof ROOM_DIMENSIONS)[number];

/** The room for one dimension in one answer. */
export type ToldRoom = {
  readonly limit: number;
  readonly remaining: number;
  /** ms until it is full again; null = unknown */
  readonly resetMs: number | null;
  /** the limit's window: a minute, or a day */
  readonly windowMs: number;
};

type Header = (name: string) => string | null;

type Names = Readonly<Record<"limit" | "remaining" | "reset", readonly string[]>>;

/** Spelled out once: a concatenated name would be a new string for every answer. */
const NAMES: Readonly<Record<RoomDimension, Names>> = {
  requests: namesOf("requests", "requests"),
  total_tokens: namesOf("tokens", "tokens"),
  input_tokens: namesOf(null, "input-tokens"),
  output_tokens: namesOf(null, "output-tokens"),
};

function namesOf(openai: string | null, anthropic: string): Names {
  const of = (what: string) => [
    ...(openai === null ? [] : [`x-ratelimit-${what}-${openai}`]),
    `anthropic-ratelimit-${anthropic}-${what}`,
  ];
  return { limit: of("limit"), remaining: of("remaining"), reset: of("reset") };
}

/**
 * The room in a provider's answer: `x-ratelimit-limit-requests` and similar (OpenAI, Azure, Groq, Mistral …) or
 * `anthropic-ratelimit-requests-limit` and similar. Invalid values are ignored: Azure sends -1 where it counts nothing.
 */
export function roomIn(header: Header, nowMs: number): Partial<Record<RoomDimension, ToldRoom>> {
  const found: Partial<Record<RoomDimension, ToldRoom>> = {};
  for (const dimension of ROOM_DIMENSIONS) {
    const room = roomOf(header, dimension, nowMs);
    if (room !== null) found[dimension] = room;
  }
  return found;
}

function roomOf(header: Header, dimension: RoomDimension, nowMs: number): ToldRoom | null {
  const names = NAMES[dimension];
  const limit = wholeIn(firstOf(header, names.limit));
  if (limit === null || limit < 1) return null;
  const remaining = wholeIn(firstOf(header, names.remaining));
  if (remaining === null || remaining > limit) return null;
  const resetMs = resetIn(firstOf(header, names.reset), nowMs);
  return { limit, remaining, resetMs, windowMs: windowOf(limit, limit - remaining, resetMs) };
}

function firstOf(header: Header, names: readonly string[]): string | null {
  for (const name of names) {
    const value = header(name);
    if (value !== null) return value;
  }
  return null;
}

function wholeIn(text: string | null): number | null {
  if (text === null || !/^\d{1,12}$/.test(text.trim())) return null;
  return Number(text);
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: HOUR_MS, d: DAY_MS };
/** Times of day are in whole seconds, so up to one second is rounding. */
const ROUNDED_MS = 1000;

/** Go's durations (`6m0s`, `12ms`, `1.5s`), bare seconds, or a time of day (RFC 3339). */
function resetIn(text: string | null, nowMs: number): number | null {
  const value = text?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(value)) return Math.round(Number(value) * 1000);
  if (/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(value)) {
    const parts = [...value.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)];
    return Math.round(parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (UNITS_MS[unit ?? ""] ?? 0), 0));
  }
  const at = /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : Math.max(0, at - nowMs - ROUNDED_MS);
}

export const MINUTE_WINDOW_MS = 60_000;
export const DAY_WINDOW_MS = DAY_MS;
/** No provider uses a window between a minute and a day. */
const DAY_FROM_MS = 1_800_000;

/** The window is not stated. Used room comes back at the limit's rate until the reset, which shows the window. */
function windowOf(limit: number, used: number, resetMs: number | null): number {
  if (resetMs === null || used < 1) return MINUTE_WINDOW_MS;
  return (resetMs * limit) / used >= DAY_FROM_MS ? DAY_WINDOW_MS : MINUTE_WINDOW_MS;
}
