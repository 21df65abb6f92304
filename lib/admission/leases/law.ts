/** How long a share may be spent after it was granted, ms; and how often it is renewed. */
export const SHARE_MS = 10_000;
export const RENEW_MS = 2000;
/**
 * Demand is a moving average of units per renewal. SMOOTH is the part of it that is new after one renewal's time, however
 * often a holder asks. The demand of a holder that stopped asking falls faster, so that its share is free sooner.
 */
const [SMOOTH, FORGET] = [0.5, 0.75];
const FORGOTTEN = 0.5;
/** The part of unused units that no demand gets: a holder that comes, or runs short, finds something at once. */
const POOLED = 0.25;
/** Spent shares are merged by the time at which they are free, in so many steps of their time. */
const STEPS = 16;

/** One holder's part of a limit: units it may have in use at once, until when, and its last report. */
type Holding = { readonly units: number; readonly used: number; readonly untilMs: number; readonly demand: number };
/** Units of a holder that is gone: they count as used until this time. */
type Spent = { readonly units: number; readonly freeAtMs: number };

/**
 * The book of one limit that holders share: who may spend how much of it. Invariant: all that holders may have in use,
 * plus all that gone holders may have used, is at most the limit. So holders need not ask for each call.
 */
export type Book = {
  readonly holdings: Readonly<Record<string, Holding>>;
  readonly spent: readonly Spent[];
};

export type Ask = {
  readonly holder: string;
  /** units that it holds now; 0 when its share ran out */
  readonly held: number;
  /** units that it has in use, as its own counter says */
  readonly used: number;
  /** units requested from it since it last asked, refused ones too */
  readonly demand: number;
  /** a call just found too little in its share, or there is no share yet */
  readonly isShort: boolean;
  readonly limit: {
    readonly capacity: number;
    readonly drainMs: number; // after this, nothing that was used counts any more
  };
  /** store time, epoch ms */
  readonly now: number;
  /** since when the store is known to be whole: for one share's time after it, holders may exist that no book knows */
  readonly sinceMs: number;
};

/**
 * Grants one holder its share: the units in use of its holding, plus three quarters of the unused units times its part
 * of the demand. A share grows by at most half of what nobody holds, so that a newcomer finds something too; a short
 * one grows by all of that half. Never less than one unit while there is one, and never more than is free. Pure. Known
 * elsewhere as Doorman's leases with a learning mode.
 */
export function grant(before: Book | null, ask: Ask): { readonly book: Book; readonly units: number } {
  const { holder, held, used, now, limit, isShort } = ask;
  const { others, spent } = aged(before, ask);
  const left = limit.capacity - sumOf(spent.map(({ units }) => units));
  const free = Math.max(0, left - sumOf(Object.values(others).map(countedOf)));
  const demand = averaged(before?.holdings[holder], ask);
  const fair = Math.min(used, held) + fairShare(others, { demand, held, used, left });
  const most = held + Math.ceil(Math.max(0, free - held) / 2);
  const wanted = isShort ? most : Math.min(most, Math.max(1, fair));
  const units = now < ask.sinceMs + SHARE_MS ? held : Math.min(free, wanted);
  const holding = { units, used, untilMs: now + SHARE_MS, demand };
  return { book: { holdings: { ...others, [holder]: holding }, spent }, units };
}

/** A holder leaves: its units in use count until their time has passed, the rest is free. */
export function release(before: Book | null, ask: Omit<Ask, "demand" | "isShort">): Book | null {
  if (before === null) return null;
  const { others, spent } = aged(before, ask);
  const left = { units: ask.used, freeAtMs: ask.now + ask.limit.drainMs };
  return { holdings: others, spent: ask.used === 0 ? spent : merged([...spent, left], ask) };
}

/** Makes at least `used` units count, as the ledger proves: units that no holder has in use count as spent. */
export function known(before: Book, { used, ...ask }: Pick<Ask, "limit" | "now"> & { used: number }): Book {
  const inUse =
    sumOf(Object.values(before.holdings).map((one) => one.used)) + sumOf(before.spent.map(({ units }) => units));
  if (inUse >= used) return before;
  const spent = [...before.spent, { units: used - inUse, freeAtMs: ask.now + ask.limit.drainMs }];
  return { ...before, spent: merged(spent, ask) };
}

/** The other holders with valid shares, and the spent units of those whose shares ran out. */
function aged(
  before: Book | null,
  ask: Pick<Ask, "holder" | "now" | "limit">,
): { others: Record<string, Holding>; spent: readonly Spent[] } {
  const others: Record<string, Holding> = {};
  const spent = (before?.spent ?? []).filter(({ freeAtMs }) => freeAtMs > ask.now);
  for (const [name, holding] of Object.entries(before?.holdings ?? {})) {
    if (name === ask.holder) continue;
    const freeAtMs = holding.untilMs + ask.limit.drainMs;
    if (holding.untilMs > ask.now) others[name] = holding;
    // It may have spent all of it at the last moment.
    else if (freeAtMs > ask.now) spent.push({ units: countedOf(holding), freeAtMs });
  }
  return { others, spent: merged(spent, ask) };
}

/** Bounds the pieces, however many holders come and go: each becomes free a little later than it could. */
function merged(spent: readonly Spent[], { limit, now }: Pick<Ask, "limit" | "now">): readonly Spent[] {
  const stepMs = Math.max(1, Math.ceil(limit.drainMs / STEPS));
  const pieces = new Map<number, number>();
  for (const { units, freeAtMs } of spent) {
    const at = freeAtMs <= now ? freeAtMs : Math.ceil(freeAtMs / stepMs) * stepMs;
    pieces.set(at, (pieces.get(at) ?? 0) + units);
  }
  return [...pieces].map(([freeAtMs, units]) => ({ units, freeAtMs }));
}

/**
 * A holder's part of the unused units, at most what lasts for one share's time at its pace: after a fail-over it must
 * last that long. While nobody asks for anything: all that it holds and does not use.
 */
function fairShare(
  others: Readonly<Record<string, Holding>>,
  mine: { readonly demand: number; readonly held: number; readonly used: number; readonly left: number },
): number {
  const all = mine.demand + sumOf(Object.values(others).map(({ demand }) => demand));
  if (all === 0) return Math.max(0, mine.held - mine.used);
  const idle = mine.left - mine.used - sumOf(Object.values(others).map(({ used }) => used));
  const byDemand = (Math.max(0, idle) * (1 - POOLED) * mine.demand) / all;
  return Math.floor(Math.min(byDemand, (mine.demand * SHARE_MS) / RENEW_MS));
}

/** More may be in use than is held, by real use above the reservation or a lowered limit. */
function countedOf({ units, used }: Holding): number {
  return Math.max(units, used);
}

/** Its demand per renewal, averaged over the past. A new holder's first demand counts as it is. */
function averaged(before: Holding | undefined, { demand, now }: Ask): number {
  if (before === undefined) return demand;
  const renewals = Math.max(1, now - (before.untilMs - SHARE_MS)) / RENEW_MS;
  const kept = (1 - (demand > 0 ? SMOOTH : FORGET)) ** renewals;
  const average = before.demand * kept + (demand / renewals) * (1 - kept);
  return demand === 0 && average < FORGOTTEN ? 0 : average;
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}
