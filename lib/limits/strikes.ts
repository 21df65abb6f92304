/**
 * Memory of a caller that comes back before the time it was told. It may change how long the next wait is said to be,
 * never whether a call fits; only a caller that keeps hammering is refused unseen, until the time it was told.
 */
export type Strikes = {
  /** Returns before the told time. */
  readonly count: number;
  /** Epoch ms until which the caller was told to wait. */
  readonly toldUntil: number;
  /** Epoch ms of the first refusal of this told time. */
  readonly since: number;
};

/** Source of these: F-57 of the reliability design. All in ms but the counts. */
export const STRIKE_RULES = {
  /** Refusals this soon after the first are parallel calls, not returns. */
  graceMs: 1000,
  /** Returns that cost nothing: SDKs of other makes retry twice by themselves. */
  free: 10,
  /** The told wait doubles from here with every further return. */
  baseMs: 1000,
  capMs: 60_000,
  /** From here on calls inside the told time are refused without looking at the limits. */
  boxAt: 20,
  /** A told time that has been over for so long is forgotten. */
  decayMs: 60_000,
} as const;

const NONE: Strikes = { count: 0, toldUntil: 0, since: 0 };

/** What stands against a caller at `now`; what has decayed does not. */
export function strikesAt(stored: Strikes | undefined, now: number): Strikes {
  if (stored === undefined || now >= stored.toldUntil + STRIKE_RULES.decayMs) return NONE;
  return stored;
}

/** Milliseconds for which the caller is refused unseen; 0 = its call is looked at. */
export function boxedMs(stored: Strikes | undefined, now: number): number {
  const { count, toldUntil } = strikesAt(stored, now);
  return count >= STRIKE_RULES.boxAt && now < toldUntil ? toldUntil - now : 0;
}

/** A refusal with the true wait `waitMs`: what is remembered, and the wait that is told. */
export function strike(stored: Strikes | undefined, waitMs: number, now: number): { strikes: Strikes; toldMs: number } {
  const known = strikesAt(stored, now);
  const isInside = now < known.toldUntil;
  const isReturn = isInside && now > known.since + STRIKE_RULES.graceMs;
  const count = isReturn ? known.count + 1 : known.count;
  let penalty = count > STRIKE_RULES.free ? STRIKE_RULES.baseMs : 0;
  for (let step = STRIKE_RULES.free + 1; step < count && penalty < STRIKE_RULES.capMs; step++) penalty = penalty * 2;
  const toldMs = Math.max(waitMs, Math.min(penalty, STRIKE_RULES.capMs));
  return { strikes: { count, toldUntil: now + toldMs, since: isInside ? known.since : now }, toldMs };
}

/** An admission after the told time forgives; one inside it (a smaller call that fits) leaves the record as it is. */
export function isForgiven(stored: Strikes | undefined, now: number): boolean {
  return stored !== undefined && now >= stored.toldUntil;
}
