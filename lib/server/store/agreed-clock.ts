import { STORE_OFF_MS } from "@/lib/admission/redis/scripts/clock.lua";
import type { Clock, Elapsed } from "@/lib/clock";
import type { Log } from "@/lib/log";

/** Another clock than this machine's: the time that a server tells, epoch ms. */
export type OtherClock = { readonly name: "database" | "store"; readonly ask: () => Promise<number> };

/** Less is what clocks of one network differ by. */
const SAME_MS = 2000;
const LOOK_EVERY_MS = 1000;
/** An answer that took longer tells the time too roughly. */
const ROUGH_MS = 1000;

/**
 * The time of this process: that of its own machine, as long as the database or the store agrees with it. A clock that
 * two others contradict is not believed, be it our own or the store's; where no two agree, time goes on from what was
 * agreed last. So a clock that is set wrong moves no window, no budget and no brake.
 * Fail mode: with nobody else to ask, our own clock is the time, and may be set.
 */
export class AgreedClock implements Clock {
  readonly #own: Clock;
  readonly #elapsed: Elapsed;
  readonly #log: Log;
  readonly #others: OtherClock[] = [];
  readonly #listeners: (() => void)[] = [];
  /** agreed time less `elapsed`; null = our own clock alone */
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

  /** Whether the store's clock is not to be believed at the moment. */
  get isStoreOff(): boolean {
    return this.#isStoreOff;
  }

  /** By how many ms each clock was off when it was asked last: "own", "database", "store". */
  get offBy(): ReadonlyMap<string, number> {
    return this.#offBy;
  }

  /** Whether any clock was off when they were asked last. */
  get isAnyOff(): boolean {
    return this.#isStoreOff || [...this.#offBy.values()].some((ms) => Math.abs(ms) > SAME_MS);
  }

  /** Asks one clock more from now on. */
  join(other: OtherClock): void {
    this.#others.push(other);
  }

  /** Called when the store's clock turns out to be off: what it keeps for some time may be gone. */
  onStoreOff(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** A script has found the store's clock off; the next look tells whether it is. */
  storeIsOff(): void {
    if (this.#isStoreOff) return;
    this.#isStoreOff = true;
    this.#log.error({ offByMs: this.#offBy.get("store") ?? null }, "the store's clock is off: ours is used instead");
    for (const listener of this.#listeners) listener();
  }

  /** Asks every clock once. Never rejects: one that does not answer has no say. */
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

  /** Looks once a second. Returns how to stop. */
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
      // Whether it can be reached is said elsewhere.
      return null;
    }
  }

  #note(name: string, offByMs: number): void {
    const before = Math.abs(this.#offBy.get(name) ?? 0) > SAME_MS;
    this.#offBy.set(name, Math.round(offByMs));
    if (!before && Math.abs(offByMs) > SAME_MS && name !== "store")
      this.#log.error({ clock: name, offByMs: Math.round(offByMs) }, "a clock is off and not believed");
  }
}

/** What two of the clocks agree on, our own first; where no two do, what was agreed before. All in one measure, ms. */
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
