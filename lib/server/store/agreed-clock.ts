import { STORE_OFF_MS } from "@/lib/admission/redis/scripts/clock.lua";
import type { Clock, Elapsed } from "@/lib/clock";
import type { Log } from "@/lib/log";

/** Another clock than this machine's: the time of a server, epoch ms. */
export type OtherClock = { readonly name: "database" | "store"; readonly ask: () => Promise<number> };

/** Smaller differences are normal within one network. */
const SAME_MS = 2000;
const LOOK_EVERY_MS = 1000;
/** An answer that took longer gives the time too roughly. */
const ROUGH_MS = 1000;

/**
 * The time of this process: that of its own machine, as long as the database or the store agrees with it. A clock that
 * two others contradict is ignored, whether it is ours or the store's. Where no two agree, time goes on from the last
 * agreement. So a wrong clock moves no window, no budget and no brake.
 * Fail mode: without another clock, our own is the time, and it may be wrong.
 */
export class AgreedClock implements Clock {
  readonly #own: Clock;
  readonly #elapsed: Elapsed;
  readonly #log: Log;
  readonly #others: OtherClock[] = [];
  readonly #listeners: (() => void)[] = [];
  /** agreed time minus `elapsed`; null = our own clock alone */
  #ahead: number | null = null;
  readonly #offBy = new Map<string, number>();
  #isStoreOff = false;
  #timer: NodeJS.Timeout | null = null;

  constructor(input: { own: Clock; elapsed: Elapsed; log: Log }) {
    this.#own = input.own;
    this.#elapsed = input.elapsed;
    this.#log = input.log;
  }

  now(): number {
    const own = this.#own.now();
    if (this.#ahead === null) return own;
    const agreed = Math.floor(this.#ahead + this.#elapsed());
    return Math.abs(own - agreed) <= SAME_MS ? own : agreed;
  }

  /** Whether the store's clock is ignored now. */
  get isStoreOff(): boolean {
    return this.#isStoreOff;
  }

  /** The offset of each clock in ms when it was last asked: "own", "database", "store". */
  get offBy(): ReadonlyMap<string, number> {
    return this.#offBy;
  }

  /** Whether any clock was off when last asked. */
  get isAnyOff(): boolean {
    return this.#isStoreOff || [...this.#offBy.values()].some((ms) => Math.abs(ms) > SAME_MS);
  }

  /** Asks one more clock from now on. */
  join(other: OtherClock): void {
    this.#others.push(other);
  }

  /** Called when the store's clock is found to be off: its entries with a time to live may be gone. */
  onStoreOff(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** A script has found the store's clock off; the next check confirms it or not. */
  storeIsOff(): void {
    if (this.#isStoreOff) return;
    this.#isStoreOff = true;
    this.#log.error(
      { offByMs: this.#offBy.get("store") ?? null },
      "the store's clock is wrong: this process uses its own",
    );
    for (const listener of this.#listeners) listener();
  }

  /** Asks every clock once. Never rejects: a clock that does not answer is not counted. */
  async look(): Promise<void> {
    const told = await Promise.all(this.#others.map((other) => this.#ask(other)));
    const own = this.#own.now() - this.#elapsed();
    const others = told.flatMap((one) => one ?? []);
    this.#ahead = agreedOn({ own, others: others.map(({ ahead }) => ahead), kept: this.#ahead ?? own });
    this.#note("own", own - this.#ahead);
    for (const { name, ahead } of others) this.#note(name, ahead - this.#ahead);
    const store = others.find(({ name }) => name === "store");
    if (store === undefined) return;
    if (Math.abs(store.ahead - this.#ahead) > STORE_OFF_MS) this.storeIsOff();
    else if (this.#isStoreOff) {
      this.#isStoreOff = false;
      this.#log.warn("the store's clock is right again");
    }
  }

  /** Checks once a second. Returns a function that stops it. */
  follow(): () => void {
    const turn = async () => {
      await this.look();
      if (this.#timer !== null) this.#timer = setTimeout(turn, LOOK_EVERY_MS).unref();
    };
    this.#timer = setTimeout(turn, LOOK_EVERY_MS).unref();
    return () => {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = null;
    };
  }

  async #ask({ name, ask }: OtherClock): Promise<{ name: string; ahead: number } | null> {
    const began = this.#elapsed();
    try {
      const told = await ask();
      const ended = this.#elapsed();
      return ended - began > ROUGH_MS ? null : { name, ahead: told - (began + ended) / 2 };
    } catch {
      // Whether it is reachable is reported elsewhere.
      return null;
    }
  }

  #note(name: string, offByMs: number): void {
    const before = Math.abs(this.#offBy.get(name) ?? 0) > SAME_MS;
    this.#offBy.set(name, Math.round(offByMs));
    if (!before && Math.abs(offByMs) > SAME_MS && name !== "store")
      this.#log.error({ clock: name, offByMs: Math.round(offByMs) }, "a clock is wrong and is ignored");
  }
}

/** The time that two clocks agree on, our own first; without an agreement, the last one. All in one unit, ms. */
export function agreedOn(input: {
  readonly own: number;
  readonly others: readonly number[];
  readonly kept: number;
}): number {
  const { own, others, kept } = input;
  const isSame = (a: number, b: number) => Math.abs(a - b) <= SAME_MS;
  if (others.some((other) => isSame(own, other))) return own;
  const [first, second] = others;
  if (first !== undefined && second !== undefined && isSame(first, second)) return first;
  return kept;
}
