/** Epoch milliseconds. Passed in wherever time decides anything, so that tests own it. */
export type Clock = { now(): number };

export const systemClock: Clock = { now: () => Date.now() };
