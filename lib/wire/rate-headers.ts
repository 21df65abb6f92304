import { type Item, type List, serializeList } from "structured-headers";

/** One limit as headers tell it. Plain numbers, so that this file knows no limiter. */
export type HeaderLimit = {
  /** stable name of the limit */
  readonly name: string;
  readonly kind: "requests" | "tokens" | "concurrent-requests" | "money";
  /** token limits that count one side only */
  readonly side?: "input_tokens" | "output_tokens";
  readonly capacity: number;
  readonly remaining: number;
  /** ms until it is whole again */
  readonly resetMs: number;
  /** whole seconds; null for concurrency */
  readonly windowSeconds: number | null;
};

/**
 * Rate limit headers of every answer: plain `x-ratelimit-*` for the one limit that is nearest, OpenAI's x-ratelimit-* for the tightest requests and tokens limit, and the IETF
 * fields (draft-ietf-httpapi-ratelimit-headers, Sep 2025) for all. The draft registers no token unit; `qu="tokens"` is
 * unregistered. Money stays out of the IETF fields: they are for callers, budgets are for their owners.
 */
export function rateHeaders(limits: readonly HeaderLimit[], now: number): Record<string, string> {
  return {
    ...plainHeaders(limits, now),
    ...openaiHeaders("requests", limits),
    ...openaiHeaders("tokens", limits),
    ...ietfHeaders(limits),
  };
}

/** OpenAI writes durations as Go does: "12ms", "1.5s", "6m0s", "1h0m0s". */
export function goDuration(ms: number): string {
  if (ms < 1000) return `${Math.ceil(ms)}ms`;
  const seconds = Math.ceil(ms / 100) / 10;
  if (seconds < 60) return `${seconds}s`;
  const whole = Math.ceil(ms / 1000);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  return hours > 0 ? `${hours}h${minutes}m${rest}s` : `${minutes}m${rest}s`;
}

/** Anthropic's own, with times instead of durations: the tightest limit of requests, of all tokens, and of each side. */
export function anthropicRateHeaders(limits: readonly HeaderLimit[], now: number): Record<string, string> {
  const groups = {
    requests: tightestOf(limits.filter(({ kind }) => kind === "requests")),
    tokens: tightestOf(limits.filter(({ kind }) => kind === "tokens")),
    "input-tokens": tightestOf(limits.filter(({ side }) => side === "input_tokens")),
    "output-tokens": tightestOf(limits.filter(({ side }) => side === "output_tokens")),
  };
  return Object.fromEntries(
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
}

function tightestOf(limits: readonly HeaderLimit[]): HeaderLimit | null {
  return limits.reduce<HeaderLimit | null>(
    (best, limit) => (best === null || share(limit) < share(best) ? limit : best),
    null,
  );
}

/** The tightest limit of requests, where there is none of tokens, else of anything: whole numbers, reset in epoch seconds. */
function plainHeaders(limits: readonly HeaderLimit[], now: number): Record<string, string> {
  const of = (kind: HeaderLimit["kind"]) => tightestOf(limits.filter((limit) => limit.kind === kind));
  const nearest = of("requests") ?? of("tokens") ?? of("concurrent-requests");
  if (nearest === null) return {};
  return {
    "x-ratelimit-limit": String(nearest.capacity),
    "x-ratelimit-remaining": String(nearest.remaining),
    "x-ratelimit-reset": String(Math.ceil((now + nearest.resetMs) / 1000)),
  };
}

function openaiHeaders(kind: "requests" | "tokens", limits: readonly HeaderLimit[]): Record<string, string> {
  const tightest = tightestOf(limits.filter((limit) => limit.kind === kind));
  if (tightest === null) return {};
  return {
    [`x-ratelimit-limit-${kind}`]: String(tightest.capacity),
    [`x-ratelimit-remaining-${kind}`]: String(tightest.remaining),
    [`x-ratelimit-reset-${kind}`]: goDuration(tightest.resetMs),
  };
}

function share(limit: HeaderLimit): number {
  return limit.capacity === 0 ? 0 : limit.remaining / limit.capacity;
}

function ietfHeaders(limits: readonly HeaderLimit[]): Record<string, string> {
  const shown = limits.filter((limit) => limit.kind !== "money" && limit.capacity <= STRUCTURED_INTEGER_MAX);
  if (shown.length === 0) return {};
  const policies: List = shown.map((limit): Item => {
    const unit: [string, string][] = limit.kind === "requests" ? [] : [["qu", limit.kind]];
    const window: [string, number][] =
      limit.windowSeconds === null ? [] : [["w", Math.min(limit.windowSeconds, STRUCTURED_INTEGER_MAX)]];
    return [limit.name, new Map<string, string | number>([["q", limit.capacity], ...unit, ...window])];
  });
  const states: List = shown.map((limit): Item => {
    const parameters = new Map<string, number>([
      ["r", limit.remaining],
      ["t", Math.min(Math.ceil(limit.resetMs / 1000), STRUCTURED_INTEGER_MAX)],
    ]);
    return [limit.name, parameters];
  });
  return { "ratelimit-policy": serializeList(policies), ratelimit: serializeList(states) };
}

/** RFC 9651: integers have at most fifteen digits. */
const STRUCTURED_INTEGER_MAX = 999_999_999_999_999;
