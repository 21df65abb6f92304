/**
 * How urgent a waiting call is: its class less one for every `ageingMs` it has waited, in whole bands; lower goes first, and it
 * goes on below 0, so that nothing which comes later stays ahead for good. Whole bands, because without them no two calls
 * would ever be equal and no tenant would ever get its turn. A call keeps its class for the first `ageingMs`.
 */
export function bandOf(rank: number, waitedMs: number, ageingMs: number): number {
  // + 0: Math.ceil makes -0 of what is just below 0.
  return Math.ceil(rank - waitedMs / ageingMs) + 0;
}

/** A class that waits is served after this many calls of others at the latest, when it has waited for `FLOOR_MS` as well. */
export const FLOOR_LEAST_CALLS = 10;
export const FLOOR_MS = 45_000;

/**
 * The longest that a call waits for its turn in one process, ms, whatever others send. Only calls that came within
 * `rank + 1` ageing times after it can ever go before it. What waits at that moment is served in at most `callMs` each, and
 * between them go the floors of the three other classes.
 */
export function longestWaitMs(input: {
  readonly rank: number;
  readonly ageingMs: number;
  /** calls that wait at once, at most */
  readonly aheadMost: number;
  /** time of the bottleneck that the largest call takes */
  readonly callMs: number;
}): number {
  const { rank, ageingMs, aheadMost, callMs } = input;
  const floors = OTHER_CLASSES * (Math.ceil(aheadMost / FLOOR_LEAST_CALLS) + 1);
  return (rank + 1) * ageingMs + (aheadMost + floors + 1) * callMs;
}

const OTHER_CLASSES = 3;
