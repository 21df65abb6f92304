/**
 * How urgent a waiting call is: its class less one for every `ageingMs` it has waited, in whole bands. Lower goes
 * first. It continues below 0, so no later call stays ahead for good. Bands are whole because otherwise no two calls
 * would be equal, and tenants would not take turns. A call keeps its class for the first `ageingMs`.
 */
export function bandOf(rank: number, waitedMs: number, ageingMs: number): number {
  // + 0: Math.ceil turns a value just below 0 into -0.
  return Math.ceil(rank - waitedMs / ageingMs) + 0;
}

/** A waiting class is served after at most this many calls of others, once it has also waited for `FLOOR_MS`. */
export const FLOOR_LEAST_CALLS = 10;
export const FLOOR_MS = 45_000;

/**
 * The longest that a call waits for its turn in one process, ms, whatever others send. Only calls that arrive within
 * `rank + 1` ageing times after it can go before it. Each call that waits by then takes at most `callMs`, and the
 * floors of the three other classes go between them.
 */
export function longestWaitMs(input: {
  readonly rank: number;
  readonly ageingMs: number;
  /** calls that wait at once, at most */
  readonly aheadMost: number;
  /** time that the largest call takes at the bottleneck */
  readonly callMs: number;
}): number {
  const { rank, ageingMs, aheadMost, callMs } = input;
  const floors = OTHER_CLASSES * (Math.ceil(aheadMost / FLOOR_LEAST_CALLS) + 1);
  return (rank + 1) * ageingMs + (aheadMost + floors + 1) * callMs;
}

const OTHER_CLASSES = 3;
