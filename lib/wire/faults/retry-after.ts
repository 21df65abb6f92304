/** Longer waits are not useful as a hint. */
const SECONDS_MAX = 3600;
const MS_PER_SECOND = 1000;

/**
 * Whole seconds that a provider asks to wait, rounded up; null when it does not say. `retry-after-ms` is more exact;
 * `retry-after` is seconds or a date (RFC 9110, 10.2.3).
 */
export function retryAfterSeconds(header: (name: string) => string | null, nowMs: number): number | null {
  const ms = numberIn(header("retry-after-ms"));
  if (ms !== null) return bounded(ms / MS_PER_SECOND);
  const value = header("retry-after");
  const seconds = numberIn(value);
  if (seconds !== null) return bounded(seconds);
  const at = value === null ? Number.NaN : Date.parse(value);
  return Number.isNaN(at) ? null : bounded((at - nowMs) / MS_PER_SECOND);
}

function numberIn(value: string | null): number | null {
  return value !== null && /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) : null;
}

function bounded(seconds: number): number {
  return Math.min(Math.max(1, Math.ceil(seconds)), SECONDS_MAX);
}
