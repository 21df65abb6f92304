/** What providers count; the names are those of our own dimensions. */
export const ROOM_DIMENSIONS = ["requests", "total_tokens", "input_tokens", "output_tokens"] as const;
export type RoomDimension = (typeof ROOM_DIMENSIONS)[number];

/** What one answer says of the room for one dimension. */
export type ToldRoom = {
  readonly limit: number;
  readonly remaining: number;
  /** ms until it is full again; null = it does not say */
  readonly resetMs: number | null;
  /** the window that the limit is for: a minute, or a day */
  readonly windowMs: number;
};

type Header = (name: string) => string | null;

const NAMES: Readonly<Record<RoomDimension, { readonly openai: string | null; readonly anthropic: string }>> = {
  requests: { openai: "requests", anthropic: "requests" },
  total_tokens: { openai: "tokens", anthropic: "tokens" },
  input_tokens: { openai: null, anthropic: "input-tokens" },
  output_tokens: { openai: null, anthropic: "output-tokens" },
};

/**
 * The room that a provider's answer tells of: `x-ratelimit-limit-requests` and its kin (OpenAI, Azure, Groq, Mistral …) or
 * `anthropic-ratelimit-requests-limit` and its kin. What makes no sense is left out: Azure says -1 where it counts nothing.
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
  const { openai, anthropic } = NAMES[dimension];
  const of = (what: string) =>
    (openai === null ? null : header(`x-ratelimit-${what}-${openai}`)) ??
    header(`anthropic-ratelimit-${anthropic}-${what}`);
  const limit = wholeIn(of("limit"));
  const remaining = wholeIn(of("remaining"));
  if (limit === null || remaining === null || limit < 1 || remaining > limit) return null;
  const resetMs = resetIn(of("reset"), nowMs);
  return { limit, remaining, resetMs, windowMs: windowOf(limit, limit - remaining, resetMs) };
}

function wholeIn(text: string | null): number | null {
  if (text === null || !/^\d{1,12}$/.test(text.trim())) return null;
  return Number(text);
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** Times of day come in whole seconds: up to one of them is rounding. */
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
export const DAY_WINDOW_MS = 86_400_000;
/** Between a minute and a day there is no window that a provider uses. */
const DAY_FROM_MS = 1_800_000;

/** Nobody says which window a limit is for. What was used of it comes back at its rate until the reset: that tells. */
function windowOf(limit: number, used: number, resetMs: number | null): number {
  if (resetMs === null || used < 1) return MINUTE_WINDOW_MS;
  return (resetMs * limit) / used >= DAY_FROM_MS ? DAY_WINDOW_MS : MINUTE_WINDOW_MS;
}
