import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { Elapsed } from "@/lib/clock";
import type { Load, ShedConstants } from "@/lib/scarcity/shedding/pressure";
import { Shedding } from "@/lib/scarcity/shedding/shedding";

const LOOK_MS = 1000;
const RESOLUTION_MS = 10;
const NS_PER_MS = 1e6;
/** The median of this many samples counts. One long pause, such as a garbage collection, is no overload. */
const LOOKS = 5;

/** Samples the load of this process once per second. Calls read the last sample, which costs them nothing. */
export class Shedder {
  readonly shedding: Shedding;
  readonly #elapsed: Elapsed;
  readonly #load: () => Omit<Load, "loopDelayMs">;
  readonly #delays: number[] = [];
  #histogram: IntervalHistogram | null = null;
  #timer: NodeJS.Timeout | null = null;

  constructor(input: {
    readonly constants: () => ShedConstants;
    readonly elapsed: Elapsed;
    readonly load: () => Omit<Load, "loopDelayMs">;
  }) {
    this.shedding = new Shedding(input.constants);
    this.#elapsed = input.elapsed;
    this.#load = input.load;
  }

  start(): void {
    this.#histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#histogram.enable();
    this.#timer = setInterval(() => this.#look(), LOOK_MS).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#histogram?.disable();
  }

  #look(): void {
    this.#delays.push(this.#lateMs());
    if (this.#delays.length > LOOKS) this.#delays.shift();
    this.shedding.update({ ...this.#load(), loopDelayMs: middleOf(this.#delays) }, this.#elapsed());
  }

  /** Mean delay since the last sample. */
  #lateMs(): number {
    const mean = this.#histogram?.mean ?? 0;
    this.#histogram?.reset();
    return Number.isFinite(mean) ? Math.max(0, mean / NS_PER_MS - RESOLUTION_MS) : 0;
  }
}

/**
 * The median of the last samples, ms. Those that a new process does not have yet count as 0: it would otherwise shed
 * calls for minutes because one of its first seconds was spent on loading its own code.
 */
export function middleOf(delays: readonly number[]): number {
  const from = LOOKS - delays.length;
  return delays.toSorted((one, other) => one - other)[Math.floor(LOOKS / 2) - from] ?? 0;
}
