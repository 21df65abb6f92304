import { serializeItem } from "structured-headers";
import { DAY_SECONDS } from "@/lib/clock";

/** One limit as headers report it. Plain numbers, so that this file needs no limiter. */
export type HeaderLimit = {
  /** stable name of the limit */
  readonly name: string;
  readonly kind: "requests" | "tokens" | "concurrent-requests" | "money";
  /** token limits that count one side only */
  readonly side?: "input_tokens" | "output_tokens" | undefined;
  readonly capacity: number;
  readonly remaining: number;
  /** ms until nothing of it is used */
  readonly resetMs: number;
  /** whole seconds; null for concurrency */
  readonly windowSeconds: number | null;
};

/**
 * Rate limit headers of every answer: plain `x-ratelimit-*` for the nearest limit, OpenAI's for the tightest requests and
 * tokens limits, and the IETF fields (draft-ietf-httpapi-ratelimit-headers, Sep 2025) for all. The draft registers no token
 * unit; `qu="tokens"` is unregistered. Money is not in the IETF fields: they are for callers, budgets are for their owners.
 */
export function rateHeaders(limits: readonly HeaderLimit[], now: number): Record<string, string> {
  const headers: Record<string, string> = {};
  const requests = tightestOf(limits, ({ kind }) => kind === "requests");
  const tokens = tightestOf(limits, ({ kind }) => kind === "tokens");
  addPlain(headers, requests ?? tokens ?? tightestOf(limits, ({ kind }) => kind === "concurrent-requests"), now);
  addOpenai(headers, "requests", requests);
  addOpenai(headers, "tokens", tokens);
  addIetf(headers, limits);
  return headers;
}

/** OpenAI formats durations as Go does: "12ms", "1.5s", "6m0s", "1h0m0s". */
export function goDuration(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 100) / 10;
  if (seconds < 60) return `${seconds}s`;
  const whole = Math.ceil(ms / 1000);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return hours > 0 ? `${hours}h${minutes}m${rest}s` : `${minutes}m${rest}s`;
}

/** From this window on, a limit is a budget to its caller: used units do not come back during a wait. */
const BUDGET_SECONDS = 3600;
/** Shares of a budget at which Claude Code warns. */
const WARN_AT = [0.95, 0.75] as const;

/**
 * The caller's tightest budget in the form that Claude Code reads: the used share, when it resets, and whether it is
 * nearly or wholly used up. Claude Code knows two budgets by name: one of up to a day counts as the shorter.
 */
export function unifiedHeaders(limits: readonly HeaderLimit[], now: number): Record<string, string> {
  const tightest = tightestOf(limits, ({ windowSeconds }) => (windowSeconds ?? 0) >= BUDGET_SECONDS);
  if (tightest === null) return {};
  const isShort = (tightest.windowSeconds ?? 0) <= DAY_SECONDS;
  const used = Math.min(1, Math.max(0, 1 - share(tightest)));
  const passed = WARN_AT.find((threshold) => used >= threshold);
  const status = tightest.remaining <= 0 ? "rejected" : passed === undefined ? "allowed" : "allowed_warning";
  const reset = String(Math.ceil((now + tightest.resetMs) / 1000));
  const name = `anthropic-ratelimit-unified-${isShort ? "5h" : "7d"}`;
  return {
    "anthropic-ratelimit-unified-status": status,
    "anthropic-ratelimit-unified-reset": reset,
    "anthropic-ratelimit-unified-representative-claim": isShort ? "five_hour" : "seven_day",
    [`${name}-status`]: status,
    [`${name}-utilization`]: used.toFixed(4),
    [`${name}-reset`]: reset,
    ...(passed === undefined ? {} : { [`${name}-surpassed-threshold`]: String(passed) }),
  };
}

/** Anthropic's own headers, with times, not durations: the tightest limit of requests, of all tokens, and of each side. */
export function anthropicRateHeaders(limits: readonly HeaderLimit[], now: number): Record<string, string> {
  const groups = {
    requests: tightestOf(limits, ({ kind }) => kind === "requests"),
    tokens: tightestOf(limits, ({ kind }) => kind === "tokens"),
    "input-tokens": tightestOf(limits, ({ side }) => side === "input_tokens"),
    "output-tokens": tightestOf(limits, ({ side }) => side === "output_tokens"),
  };
  const each = Object.fromEntries(
    Object.entries(groups).flatMap(([group, limit]) =>
      limit === null
        ? []
        : [
            [`anthropic-ratelimit-${group}-limit`, String(limit.capacity)],
            [`anthropic-ratelimit-${group}-remaining`, String(limit.remaining)],
            [`anthropic-ratelimit-${group}-reset`, `${new Date(now + limit.resetMs).toISOString().slice(0, 19)}Z`],
          ],
    ),
  );
  return { ...each, ...unifiedHeaders(limits, now) };
}

/** The limit with the least share left among those that count; on a tie, the first. */
function tightestOf(limits: readonly HeaderLimit[], counts: (limit: HeaderLimit) => boolean): HeaderLimit | null {
  let tightest: HeaderLimit | null = null;
  let least = 0;
  for (const limit of limits) {
    if (!counts(limit)) continue;
    const left = share(limit);
    if (tightest !== null && left >= least) continue;
    tightest = limit;
    least = left;
  }
  return tightest;
}

/** The tightest limit of requests, else of tokens, else of concurrent requests: whole numbers, reset in epoch seconds. */
function addPlain(headers: Record<string, string>, nearest: HeaderLimit | null, now: number): void {
  if (nearest === null) return;
  headers["x-ratelimit-limit"] = String(nearest.capacity);
  headers["x-ratelimit-remaining"] = String(nearest.remaining);
  headers["x-ratelimit-reset"] = String(Math.ceil((now + nearest.resetMs) / 1000));
}

function addOpenai(headers: Record<string, string>, kind: "requests" | "tokens", tightest: HeaderLimit | null): void {
  if (tightest === null) return;
  const { limit, remaining, reset } = OPENAI[kind];
  headers[limit] = String(tightest.capacity);
  headers[remaining] = String(tightest.remaining);
  headers[reset] = goDuration(tightest.resetMs);
}

/** Written out: a composed name has to be looked up for every answer. */
const OPENAI = {
  requests: {
    limit: "x-ratelimit-limit-requests",
    remaining: "x-ratelimit-remaining-requests",
    reset: "x-ratelimit-reset-requests",
  },
  tokens: {
    limit: "x-ratelimit-limit-tokens",
    remaining: "x-ratelimit-remaining-tokens",
    reset: "x-ratelimit-reset-tokens",
  },
} as const;

function share(limit: HeaderLimit): number {
  return limit.capacity === 0 ? 0 : limit.remaining / limit.capacity;
}

function addIetf(headers: Record<string, string>, limits: readonly HeaderLimit[]): void {
  let policies = "";
  let states = "";
  for (const { name, kind, capacity, remaining, resetMs, windowSeconds } of limits) {
    if (kind === "money" || capacity > STRUCTURED_INTEGER_MAX) continue;
    const item = itemOf(name);
    const unit = kind === "requests" ? "" : `;qu="${kind}"`;
    const window = windowSeconds === null ? "" : `;w=${Math.min(windowSeconds, STRUCTURED_INTEGER_MAX)}`;
    const seconds = Math.min(Math.ceil(resetMs / 1000), STRUCTURED_INTEGER_MAX);
    const comma = policies === "" ? "" : ", ";
    policies += `${comma}${item};q=${capacity}${unit}${window}`;
    states += `${comma}${item};r=${remaining};t=${seconds}`;
  }
  if (policies === "") return;
  headers["ratelimit-policy"] = policies;
  headers.ratelimit = states;
}

/** A limit's name as an item of a structured field (RFC 9651). Every answer has the same few names. */
function itemOf(name: string): string {
  const known = ITEMS.get(name);
  if (known !== undefined) return known;
  const item = serializeItem([name, new Map()]);
  if (ITEMS.size >= ITEMS_MAX) ITEMS.clear();
  ITEMS.set(name, item);
  return item;
}

const ITEMS = new Map<string, string>();
const ITEMS_MAX = 10_000;

/** RFC 9651: integers have at most fifteen digits. */
const STRUCTURED_INTEGER_MAX = 999_999_999_999_999;
