/**
 * Memory of a caller that retries before the announced time. It lengthens the next announced wait and never refuses: a
 * call that fits is admitted.
 */
export type Strikes = {
  /** Number of retries before the announced time. */
  readonly count: number;
  /** Epoch ms of the announced time. */
  readonly toldUntil: number;
  /** Epoch ms of the newest return that counted, or of the first refusal. */
  readonly since: number;
  /** The policy that refused. Under another one the caller starts without strikes. */
  readonly policyVersion: number;
};

/** Times in ms. */
export const STRIKE_RULES = {
  /** Refusals this close together are parallel calls, not retries. */
  graceMs: 100,
  /** The smallest wait to double. Otherwise an exact wait of a few ms would not grow. */
  baseMs: 1000,
  /** The most that is added to the true wait. */
  capMs: 60_000,
  /** Strikes above this are not counted, because the cap is reached. */
  countMax: 8,
} as const;

/**
 * A refusal with the true wait `waitMs`: what is remembered, and the announced wait. The first early return costs
 * nothing; the second and each further one double the announced wait. A return after the announced time starts over.
 */
export function strike(
  stored: Strikes | undefined,
  refused: { readonly waitMs: number; readonly policyVersion: number; readonly now: number },
): { strikes: Strikes; toldMs: number } {
  const { waitMs, policyVersion, now } = refused;
  const isInside = stored !== undefined && stored.policyVersion === policyVersion && now < stored.toldUntil;
  let [count, since] = isInside ? [stored.count, stored.since] : [0, now];
  if (now > since + STRIKE_RULES.graceMs) {
    count = Math.min(count + 1, STRIKE_RULES.countMax);
    since = now;
  }
  const least = Math.max(waitMs, STRIKE_RULES.baseMs);
  let penalty = 0;
  for (let step = 2; step <= count; step++) penalty = penalty * 2 + least;
  const toldMs = waitMs + Math.min(penalty, STRIKE_RULES.capMs);
  return { strikes: { count, toldUntil: now + toldMs, since, policyVersion }, toldMs };
}

/** Whether an admission ends the record, by coming after the announced time. A smaller call that fits before it does not. */
export function isForgiven(stored: Strikes | undefined, now: number): boolean {
  return stored !== undefined && now >= stored.toldUntil;
}
