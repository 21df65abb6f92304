import type { Elapsed } from "@/lib/clock";
import type { CheckState } from "@/lib/limits/decide";
import type { AppliedLimit } from "@/lib/limits/plan";
import type { Rule } from "@/lib/limits/rules/rule";
import type { Log } from "@/lib/log";
import type { MemoryAdmission } from "../memory/memory";
import { type BookStore, bookText, readBook } from "./book-store";
import { type Ask, type Book, grant, known, RENEW_MS, release, SHARE_MS } from "./law";

/** Another holder may write the same book; each try reads it again. */
const TRIES_MAX = 20;
/** A refused call asks for more at once. After an ask that brought nothing, the next one waits: refusals come in storms. */
const MORE_APART_MS = 100;
/** A share that nobody asks for is given back after this many renewals. */
const IDLE_ROUNDS = 5;
/** Fractions of refill are cut to this grain, never rounded up. */
const GRAIN = 1e6;

type Share = {
  limit: AppliedLimit;
  /** the largest capacity among checks of this counter: classes of calls may fill a part of it */
  capacity: number;
  units: number;
  /** by `elapsed` */
  validUntil: number;
  askedAt: number;
  demand: number;
  idleRounds: number;
  renewing: Promise<void> | null;
  /** whether the last ask brought more */
  hasGrown: boolean;
  /** whether the store was asked once and the result is known */
  isAsked: boolean;
};

/**
 * What this process may spend of limits that all tenants share, by counter. A share is renewed every two seconds and
 * lasts ten. When the store is away, the share runs to its end. After that this process uses its part, the limit
 * divided by the number of processes, and never more than its last share. Calls are counted in `local`.
 */
export class Shares {
  readonly #store: BookStore;
  readonly #local: MemoryAdmission;
  readonly #holder: string;
  readonly #elapsed: Elapsed;
  readonly #log: Log;
  readonly #peers: () => number;
  readonly #callLeaseMs: number;
  readonly #shares = new Map<string, Share>();

  constructor(input: {
    store: BookStore;
    local: MemoryAdmission;
    holder: string;
    elapsed: Elapsed;
    log: Log;
    peers: () => number;
    callLeaseMs: number;
  }) {
    this.#store = input.store;
    this.#local = input.local;
    this.#holder = input.holder;
    this.#elapsed = input.elapsed;
    this.#log = input.log;
    this.#peers = input.peers;
    this.#callLeaseMs = input.callLeaseMs;
  }

  /** Runs before the first call: for one share's time after it nothing is granted, unless other processes run. */
  async start(): Promise<void> {
    await this.#store.warm();
  }

  /** Asks for shares that were never asked for; the others are there already. */
  async ready(limits: readonly AppliedLimit[]): Promise<void> {
    const missing = limits.filter((limit) => !this.#isAsked(limit));
    if (missing.length > 0) await Promise.all(missing.map((limit) => this.#renewed(limit, { isShort: true })));
  }

  /**
   * A share refused a call: asks for more, or waits for an ask under way. Does neither when the last ask brought
   * nothing and was just now. True when there may be more.
   */
  async more(limits: readonly AppliedLimit[]): Promise<boolean> {
    const due = limits.filter(({ counter }) => this.#mayGrow(this.#shares.get(counter)));
    await Promise.all(due.map((limit) => this.#renewed(limit, { isShort: true })));
    return due.length > 0;
  }

  asked(limit: AppliedLimit, cost: number): void {
    const share = this.#shares.get(limit.counter);
    if (share !== undefined) share.demand += cost;
  }

  /** The limit as this process may enforce it alone now. */
  part<Limit extends AppliedLimit>(limit: Limit): Limit {
    return { ...limit, rule: this.#ruleOf(limit) };
  }

  /**
   * Renews all shares. A share that nobody asks for is given back once none of it is in use. Until then this process
   * repeats what it uses, as a fail-over may forget it.
   */
  async renewAll(): Promise<void> {
    for (const share of [...this.#shares.values()]) {
      share.idleRounds = share.demand > 0 ? 0 : share.idleRounds + 1;
      if (share.idleRounds > IDLE_ROUNDS && this.#usedOf(share) === 0) await this.#leave(share);
      else await this.#renewed(share.limit, { isShort: false });
    }
  }

  /** Gives everything back, when this process ends. */
  async leave(): Promise<void> {
    for (const share of [...this.#shares.values()]) await this.#leave(share);
  }

  /** Counts what the ledger proves to be used, by any process. */
  async known(limit: AppliedLimit, used: number): Promise<void> {
    await this.#change(limit, (book, ask) => {
      return known(book ?? { holdings: {}, spent: [] }, { ...ask, used });
    });
  }

  /** What all holders have in use, as last reported. */
  async look(limit: AppliedLimit): Promise<CheckState> {
    const { text, now } = await this.#store.read(limit.counter);
    const book = readBook(text);
    const held = Object.values(book?.holdings ?? {}).reduce((sum, one) => sum + one.used, 0);
    const spent = (book?.spent ?? []).reduce((sum, one) => (one.freeAtMs > now ? sum + one.units : sum), 0);
    return wholeState(limit, held + spent);
  }

  #isAsked({ counter, rule }: AppliedLimit): boolean {
    const share = this.#shares.get(counter);
    return share?.isAsked === true && share.capacity >= rule.capacity;
  }

  #mayGrow(share: Share | undefined): boolean {
    if (share === undefined || share.renewing !== null || share.hasGrown) return true;
    return this.#elapsed() - share.askedAt >= MORE_APART_MS;
  }

  #ruleOf({ counter, rule, failureMode }: AppliedLimit): Rule {
    const share = this.#shares.get(counter);
    if (share === undefined || share.capacity === 0) return { ...rule, capacity: 0, refill: 0, credit: 0 };
    const isOver = this.#elapsed() >= share.validUntil;
    const alone = failureMode === "closed" ? 0 : Math.floor(share.capacity / Math.max(1, this.#peers()));
    const units = isOver ? Math.min(share.units, alone) : share.units;
    const part = (whole: number) => Math.floor((whole * units) / share.capacity);
    const refill = Math.floor(((rule.refill * units) / share.capacity) * GRAIN) / GRAIN;
    return { ...rule, capacity: part(rule.capacity), refill, credit: part(rule.credit) };
  }

  /** One renewal at a time; callers that come meanwhile get its result. */
  #renewed(limit: AppliedLimit, how: { readonly isShort: boolean }): Promise<void> {
    const share = this.#shareOf(limit);
    share.renewing ??= this.#renew(share, how)
      .catch((error: unknown) => this.#log.warn({ err: error }, "could not renew a share of a limit for all tenants"))
      .finally(() => {
        share.renewing = null;
        share.isAsked = true;
      });
    return share.renewing;
  }

  #shareOf(limit: AppliedLimit): Share {
    const { counter, rule } = limit;
    const before = this.#shares.get(counter);
    if (before !== undefined) {
      const isLarger = rule.capacity > before.capacity;
      return Object.assign(before, isLarger ? { limit, capacity: rule.capacity } : {});
    }
    const never = { validUntil: Number.NEGATIVE_INFINITY, askedAt: Number.NEGATIVE_INFINITY };
    const share: Share = {
      limit,
      capacity: rule.capacity,
      units: 0,
      demand: 1,
      idleRounds: 0,
      renewing: null,
      hasGrown: false,
      isAsked: false,
      ...never,
    };
    this.#shares.set(counter, share);
    return share;
  }

  async #renew(share: Share, { isShort }: { readonly isShort: boolean }): Promise<void> {
    const { demand, units: before } = share;
    share.demand = 0;
    share.askedAt = this.#elapsed();
    share.hasGrown = false;
    let units = 0;
    await this.#change(share.limit, (book, ask) => {
      const held = this.#elapsed() < share.validUntil ? share.units : 0;
      const granted = grant(book, { ...ask, held, demand, isShort });
      units = granted.units;
      // Stop spending what is given back before anybody else can have it.
      if (units < share.units) this.#put(share, units);
      return granted.book;
    });
    this.#put(share, units);
    share.hasGrown = units > before;
    share.validUntil = share.askedAt + SHARE_MS;
  }

  async #leave(share: Share): Promise<void> {
    try {
      await this.#change(share.limit, (book, ask) => {
        const { counter } = share.limit;
        // A call has come meanwhile and asks for a share of its own.
        if ((this.#shares.get(counter) ?? share) !== share) return null;
        // Nothing of it is spent from here on.
        this.#shares.delete(counter);
        return release(book, { ...ask, held: share.units });
      });
    } catch (error) {
      this.#log.warn({ err: error }, "could not return a share; it expires");
    }
  }

  /** A new share refills at another pace: what has drained until now is first taken down at the old one. */
  #put(share: Share, units: number): void {
    if (units === share.units) return;
    this.#local.drain(this.part(share.limit));
    share.units = units;
  }

  #usedOf(share: Share): number {
    return this.#local.look([this.part(share.limit)])[0]?.used ?? 0;
  }

  /** `work` may be called again, when another holder wrote the book meanwhile. */
  async #change(
    limit: AppliedLimit,
    work: (book: Book | null, ask: Omit<Ask, "held" | "demand" | "isShort">) => Book | null,
  ) {
    const drainMs = drainOf(limit.rule, this.#callLeaseMs);
    const share = this.#shares.get(limit.counter);
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const { now, sinceMs, text } = await this.#store.read(limit.counter);
      const used = share === undefined ? 0 : this.#usedOf(share);
      const capacity = share?.capacity ?? limit.rule.capacity;
      const ms = drainMs(now);
      const asking = { holder: this.#holder, used, limit: { capacity, drainMs: ms }, now, sinceMs };
      const after = work(readBook(text), asking);
      if (after === null) return;
      const change = { before: text, after: bookText(after), keepMs: ms + 2 * SHARE_MS };
      if (await this.#store.write(limit.counter, change)) return;
    }
    throw new Error("others write the same book all the time");
  }
}

/** After this time, nothing that is used now counts any more. */
function drainOf(
  { algorithm, capacity, refill, periodMs, bounds }: Rule,
  callLeaseMs: number,
): (now: number) => number {
  switch (algorithm) {
    case "concurrency":
      return () => callLeaseMs;
    case "token_bucket":
    case "leaky_bucket":
      return () => Math.ceil((Math.max(1, capacity) * periodMs) / Math.max(1, refill));
    case "sliding_window":
    case "fixed_window":
      return () => periodMs;
    case "calendar_window":
      return (now) => Math.max(0, (bounds?.nextEndMs ?? now) - now);
    default:
      return algorithm satisfies never;
  }
}

/** The numbers of a whole limit with this much used. */
export function wholeState(limit: AppliedLimit, used: number): CheckState {
  const remaining = Math.max(0, limit.rule.capacity - used);
  const check = { ...limit, cost: 1 };
  return { check, level: used, used, credit: 0, remaining, waitMs: remaining > 0 ? 0 : RENEW_MS, resetMs: RENEW_MS };
}
