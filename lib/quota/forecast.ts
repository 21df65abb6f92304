import { HOUR_MS } from "@/lib/clock";
import type { CheckState } from "@/lib/limits/decide";
import type { Rule } from "@/lib/limits/rules/rule";

/** The rate of a forecast: the last hour's spend, the current window so far, or the last seconds' rise of a bucket. */
export type Pace = "last_hour" | "window" | "last_seconds";

/** When a limit is used up at the current rate; both null = not in sight. A used-up limit has no rate. */
export type Forecast = { readonly exhaustedAt: string | null; readonly exhaustedPace: Pace | null };

export const NO_FORECAST: Forecast = { exhaustedAt: null, exhaustedPace: null };

type Spending = {
  readonly left: number;
  /** units in the last hour */
  readonly perHour: number;
  readonly now: number;
};

/**
 * When a budget is used up at its hourly burn rate; none if not before its period ends. A rolling window has no end: what
 * was spent leaves it again, so a rate that fits into it for good never uses it up.
 */
export function budgetForecast({ left, perHour, now }: Spending, rule: Window): Forecast {
  if (left <= 0) return usedUp(now);
  if (perHour <= 0) return NO_FORECAST;
  const { bounds, periodMs, capacity } = rule;
  if (bounds === null && (perHour * periodMs) / HOUR_MS <= capacity) return NO_FORECAST;
  return before(bounds?.endMs ?? now + periodMs, now + (left / perHour) * HOUR_MS, "last_hour");
}

type Window = Pick<Rule, "bounds" | "periodMs" | "capacity">;
type State = Pick<CheckState, "used" | "remaining"> & { check: { rule: Window } };

/** A budget uses its last hour. Other limits use the window so far; in its first moments there is no rate. */
export function forecastOf({ check, used, remaining }: State, now: number, burn: number | null): Forecast {
  const { bounds } = check.rule;
  if (burn !== null) return budgetForecast({ left: remaining, perHour: burn, now }, check.rule);
  if (bounds === null || used === 0) return NO_FORECAST;
  if (remaining === 0) return usedUp(now);
  const elapsed = now - bounds.startMs;
  if (elapsed < PACE_MS_MIN) return NO_FORECAST;
  return before(bounds.endMs, now + (remaining * elapsed) / used, "window");
}

const PACE_MS_MIN = 60_000;

function usedUp(now: number): Forecast {
  return { exhaustedAt: new Date(now).toISOString(), exhaustedPace: null };
}

function before(endMs: number, at: number, exhaustedPace: Pace): Forecast {
  return at < endMs ? { exhaustedAt: new Date(at).toISOString(), exhaustedPace } : NO_FORECAST;
}
