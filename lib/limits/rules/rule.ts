export const ALGORITHMS = [
  "token_bucket",
  "leaky_bucket",
  "sliding_window",
  "fixed_window",
  "calendar_window",
  "concurrency",
] as const;

export type AlgorithmName = (typeof ALGORITHMS)[number];

/** The calendar window that contains the caller's current time, and the end of the next one; epoch milliseconds. */
export type CalendarBounds = { readonly startMs: number; readonly endMs: number; readonly nextEndMs: number };

/**
 * One limit reduced to numbers. `capacity` is the most a subject may have used right after an admission.
 * `refill` units come back per `periodMs` (bucket algorithms); the window algorithms use `periodMs` as window length.
 * `bounds` is set for calendar windows alone.
 */
export type Rule = {
  readonly algorithm: AlgorithmName;
  readonly capacity: number;
  readonly refill: number;
  readonly periodMs: number;
  /** Token bucket: units that may be saved up beyond the capacity while traffic stays below the refill. 0 = none. */
  readonly credit: number;
  readonly bounds: CalendarBounds | null;
};
