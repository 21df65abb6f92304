import { type Book, grant, release, SHARE_MS } from "./law";

type Spend = { readonly at: number; readonly units: number };
type Holder = {
  name: string;
  units: number;
  untilMs: number;
  demand: number;
  level: number;
  levelAt: number;
  spends: Spend[];
};

/**
 * Holders of one limit and what they really spent, judged without the book: in any window of the limit's length, or
 * above a bucket that all spending would have passed. `over`: the most units by which the limit was ever exceeded.
 */
export class World {
  now = 1_000_000;
  over = 0;
  readonly capacity: number;
  readonly #windowMs: number;
  readonly #isBucket: boolean;
  readonly holders: Holder[];
  readonly #all: Spend[] = [];
  #book: Book | null = null;
  /** an earlier state: what a lagging replica has */
  #lagging: Book | null = null;
  #since = 0;
  #writer = -1;
  #names = 0;
  #lastFailOver = Number.NEGATIVE_INFINITY;

  constructor(input: { holders: number; capacity: number; windowMs: number; isBucket: boolean }) {
    this.capacity = input.capacity;
    this.#windowMs = input.windowMs;
    this.#isBucket = input.isBucket;
    this.holders = Array.from({ length: input.holders }, () => this.#fresh());
  }

  /** What all holders together may still spend now. */
  get spendable(): number {
    return this.holders.reduce((sum, one) => sum + this.#left(one), 0);
  }

  /** What a holder can use: what it holds, and what nobody holds. */
  within(index: number): number {
    const held = this.holders.reduce(
      (sum, one, at) => (at === index ? sum : sum + Math.max(one.units, this.used(at))),
      0,
    );
    return this.capacity - held;
  }

  /** As a process does: a call that its share refuses asks for more, as long as that brings any. */
  call(index: number, units: number): boolean {
    if (this.spend(index, units)) return true;
    for (let before = -1; this.#holder(index).units > before; ) {
      before = this.#holder(index).units;
      this.renew(index, { isShort: true });
      if (this.#take(index, units)) return true;
    }
    return false;
  }

  spend(index: number, units: number): boolean {
    this.#holder(index).demand += units;
    return this.#take(index, units);
  }

  #take(index: number, units: number): boolean {
    const holder = this.#holder(index);
    if (units > this.#left(holder)) return false;
    holder.level = this.used(index) + units;
    holder.levelAt = this.now;
    holder.spends.push({ at: this.now, units });
    this.#all.push({ at: this.now, units });
    this.over = Math.max(this.over, this.#overNow());
    return true;
  }

  renew(index: number, { isShort } = { isShort: false }): void {
    const holder = this.#holder(index);
    const held = this.now < holder.untilMs ? holder.units : 0;
    const { book, units } = grant(this.#book, { ...this.#askOf(index), held, demand: holder.demand, isShort });
    this.#lagging = this.#book;
    this.#book = book;
    this.#writer = index;
    Object.assign(holder, {
      level: this.used(index),
      levelAt: this.now,
      units,
      untilMs: this.now + SHARE_MS,
      demand: 0,
    });
  }

  /** The process dies and loses its state; another one comes. Its last write has reached the replica by then. */
  crash(index: number): void {
    if (this.#writer === index) this.#lagging = this.#book;
    this.holders[index] = this.#fresh();
  }

  leave(index: number): void {
    this.#writer = index;
    this.#book = release(this.#book, { ...this.#askOf(index), held: this.#holder(index).units });
    this.crash(index);
  }

  /** The replica that takes over lacks the last write. Living processes report again within a share's time. */
  failOver(): void {
    // All shares must be reported again before the next fail-over.
    if (this.now - this.#lastFailOver < 2 * SHARE_MS) return;
    this.#lastFailOver = this.now;
    this.#book = this.#lagging;
    this.#since = this.now;
    for (const index of this.holders.keys()) this.renew(index);
  }

  /** Units that its own counter says are in use: rounded up, as the limiter does. */
  used(index: number): number {
    const holder = this.#holder(index);
    if (!this.#isBucket) {
      const since = this.now - this.#windowMs;
      return holder.spends.reduce((sum, { at, units }) => (at > since ? sum + units : sum), 0);
    }
    const drained = ((this.now - holder.levelAt) * holder.units) / this.#windowMs;
    return Math.max(0, holder.level - drained);
  }

  /** Whether it ever asked for a share. */
  isKnown(index: number): boolean {
    return this.#holder(index).untilMs > 0;
  }

  #left(holder: Holder): number {
    if (this.now >= holder.untilMs) return 0;
    return Math.max(0, holder.units - this.used(this.holders.indexOf(holder)));
  }

  #overNow(): number {
    let [sum, most] = [0, 0];
    for (const { at, units } of this.#all.toReversed()) {
      sum += units;
      const passed = this.now - at;
      const allowed = this.#isBucket ? this.capacity * (1 + passed / this.#windowMs) : this.capacity;
      if (this.#isBucket || passed < this.#windowMs) most = Math.max(most, sum - allowed);
    }
    return most > ROUNDING ? most : 0;
  }

  #askOf(index: number) {
    const limit = { capacity: this.capacity, drainMs: this.#windowMs };
    const { name } = this.#holder(index);
    return { holder: name, used: Math.ceil(this.used(index)), limit, now: this.now, sinceMs: this.#since };
  }

  #holder(index: number): Holder {
    const holder = this.holders[index];
    if (holder === undefined) throw new Error("no such holder");
    return holder;
  }

  #fresh(): Holder {
    this.#names += 1;
    return { name: `p${this.#names}`, units: 0, untilMs: 0, demand: 0, level: 0, levelAt: 0, spends: [] };
  }
}

const ROUNDING = 1e-6;
