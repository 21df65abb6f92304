import type { Console } from "../kernel/console";
import { type Overview, overview } from "./overview";

/** How often the figures are worked out while anybody looks. */
const EVERY_MS = 400;

/**
 * The overview's figures for everybody who looks, worked out once per tick however many do, and not at all while nobody
 * does. One per process.
 */
export class LiveFigures {
  readonly #context: Console;
  readonly #listeners = new Set<(figures: Overview) => void>();
  #timer: NodeJS.Timeout | null = null;
  #last: Overview | null = null;

  constructor(context: Console) {
    this.#context = context;
  }

  /** Tells `listener` the newest figures, then each new ones, until the returned function is called. */
  listen(listener: (figures: Overview) => void): () => void {
    this.#listeners.add(listener);
    if (this.#timer === null) this.#next(0);
    else if (this.#last !== null) listener(this.#last);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0 || this.#timer === null) return;
      clearTimeout(this.#timer);
      this.#timer = null;
      this.#last = null;
    };
  }

  #next(ms: number): void {
    const timer = setTimeout(async () => {
      try {
        this.#last = (await overview({ context: this.#context })).body;
        for (const listener of this.#listeners) listener(this.#last);
      } catch (error) {
        this.#context.log.warn({ err: error }, "live figures not worked out; they will be with the next tick");
      }
      if (this.#timer === timer) this.#next(EVERY_MS);
    }, ms);
    this.#timer = timer.unref();
  }
}
