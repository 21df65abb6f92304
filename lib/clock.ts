/** Epoch milliseconds. Passed in wherever time decides anything, so that tests own it. */
export type Clock = { now(): number };

export const systemClock: Clock = { now: () => Date.now() };

/**
 * Whole milliseconds since some moment, for how long something takes or is waited for: the wall clock can be set, and a wait
 * measured by it then lasts hours, or no time at all. Never compared between processes.
 */
export type Elapsed = () => number;

export const systemElapsed: Elapsed = () => Math.floor(performance.now());

/** ms */
export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
export const HOUR_SECONDS = 3600;
export const DAY_SECONDS = 24 * HOUR_SECONDS;
