/** How long a share may be spent after it was granted, ms; and how often it is renewed. */
export const SHARE_MS = 10_000;
export const RENEW_MS = 2000;
/** Demand is a moving average; of who has stopped asking it goes faster, so that its share is free sooner. */
const [SMOOTH, FORGET] = [0.5, 0.75];
/** Spent shares are put together by when they come free: so many steps of their time. */
const STEPS = 16;

/** What one holder has of a limit: units that it may have in use at once, until when, and what it last said. */
type Holding = { readonly units: number; readonly used: number; readonly untilMs: number; readonly demand: number };
/** Units of a holder that is gone: they count as used until that much time has passed. */
type Spent = { readonly units: number; readonly freeAtMs: number };

/**
 * The book of one limit that holders share: who may spend how much of it. Invariant: what all may have in use, and what
 * those who are gone may have used, is together at most the limit. So holders need not ask for each call.
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
  /** units that it was asked for since it last asked, refused ones too */
  readonly demand: number;
  readonly limit: {
    readonly capacity: number /** after which nothing that was used counts any more */;
    readonly drainMs: number;
  };
  /** store time, epoch ms */
  readonly now: number;
  /** since when the store is known to be whole: for one share's time after it, somebody may hold what no book knows */
  readonly sinceMs: number;
};

/**
 * Grants one holder its share: by its part of the demand, never less than it uses of what it holds, never less than one unit
 * while there is one, and never more than is free. Pure. Known elsewhere as Doorman's leases with a learning mode.
 */
export function grant(before: Book | null, ask: Ask): { readonly book: Book; readonly units: number } {
  const { holder, held, used, now, limit } = ask;
  const { others, spent } = aged(before, ask);
  const left = limit.capacity - sumOf(spent.map(({ units }) => units));
  const free = Math.max(0, left - sumOf(Object.values(others).map(countedOf)));
  const demand = averaged(before?.holdings[holder]?.demand ?? 0, ask.demand);
  const wanted = Math.max(fairShare(others, { demand, held, left }), Math.min(used, held));
  const units = now < ask.sinceMs + SHARE_MS ? held : Math.min(free, wanted);
  const holding = { units, used, untilMs: now + SHARE_MS, demand };
  return { book: { holdings: { ...others, [holder]: holding }, spent }, units };
}

/** A holder leaves: what it has in use counts until its time has passed, the rest is free. */
export function release(before: Book | null, ask: Ask): Book | null {
  if (before === null) return null;
  const { others, spent } = aged(before, ask);
  const left = { units: ask.used, freeAtMs: ask.now + ask.limit.drainMs };
  return { holdings: others, spent: ask.used === 0 ? spent : merged([...spent, left], ask) };
}

/** Makes sure that at least `used` units count, as the ledger proves: what no holder has in use counts as spent. */
export function known(before: Book, { used, ...ask }: Pick<Ask, "limit" | "now"> & { used: number }): Book {
  const inUse =
    sumOf(Object.values(before.holdings).map((one) => one.used)) + sumOf(before.spent.map(({ units }) => units));
  if (inUse >= used) return before;
  const spent = [...before.spent, { units: used - inUse, freeAtMs: ask.now + ask.limit.drainMs }];
  return { ...before, spent: merged(spent, ask) };
}

/** The other holders whose shares last, and what those leave whose shares have run out. */
function aged(before: Book | null, ask: Ask): { others: Record<string, Holding>; spent: readonly Spent[] } {
  const others: Record<string, Holding> = {};
  const spent = (before?.spent ?? []).filter(({ freeAtMs }) => freeAtMs > ask.now);
  for (const [name, holding] of Object.entries(before?.holdings ?? {})) {
    if (name === ask.holder) continue;
    const freeAtMs = holding.untilMs + ask.limit.drainMs;
    if (holding.untilMs > ask.now) others[name] = holding;
    // It may have spent all of it in the last moment.
    else if (freeAtMs > ask.now) spent.push({ units: countedOf(holding), freeAtMs });
  }
  return { others, spent: merged(spent, ask) };
}

/** So many pieces at most, however many holders come and go: each is free a little later than it could be. */
function merged(spent: readonly Spent[], { limit, now }: Pick<Ask, "limit" | "now">): readonly Spent[] {
  const stepMs = Math.max(1, Math.ceil(limit.drainMs / STEPS));
  const pieces = new Map<number, number>();
  for (const { units, freeAtMs } of spent) {
    const at = freeAtMs <= now ? freeAtMs : Math.ceil(freeAtMs / stepMs) * stepMs;
    pieces.set(at, (pieces.get(at) ?? 0) + units);
  }
  return [...pieces].map(([freeAtMs, units]) => ({ units, freeAtMs }));
}

function fairShare(
  others: Readonly<Record<string, Holding>>,
  mine: { readonly demand: number; readonly held: number; readonly left: number },
): number {
  const all = mine.demand + sumOf(Object.values(others).map(({ demand }) => demand));
  if (all === 0) return Math.max(1, mine.held);
  return Math.max(1, Math.floor((mine.left * mine.demand) / all));
}

/** More may be in use than is held: real use above the reservation, or a limit that was lowered. */
function countedOf({ units, used }: Holding): number {
  return Math.max(units, used);
}

function averaged(before: number, asked: number): number {
  if (asked > 0) return before + SMOOTH * (asked - before);
  const left = before * (1 - FORGET);
  return left < 1 ? 0 : left;
}

function sumOf(numbers: readonly number[]): number {
  return numbers.reduce((sum, one) => sum + one, 0);
}
