import type { ConsoleContext } from "../../kernel/context";
import { type Overview, overview } from "../overview";
import type { ChangeSet, Json } from "./change-set.shared";
import { changesOf } from "./changes-of";

/** Without changes, a listener gets an event at this interval. */
const BEAT_MS = 1000;
/** How often the figures are computed while there is a listener. */
const EVERY_MS = 400;

/**
 * The overview's figures for all listeners: computed once per tick, and not at all without a listener. One per process.
 */
export class LiveFigures {
  readonly #context: ConsoleContext;
  readonly #listeners = new Set<(figures: Overview) => void>();
  #timer: NodeJS.Timeout | null = null;
  #last: Overview | null = null;

  constructor(context: ConsoleContext) {
    this.#context = context;
  }

  /** Sends `listener` the newest figures, then each new ones, until the returned function is called. */
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
        this.#context.log.warn({ err: error }, "live figures failed; retrying at the next tick");
      }
      if (this.#timer === timer) this.#next(EVERY_MS);
    }, ms);
    this.#timer = timer.unref();
  }
}

/** One event of the live stream: everything, or the changes since the event before. */
export type LiveEvent = { readonly figures: Json } | { readonly changes: ChangeSet };

/** Finds the changes that one listener has not received. One per stream. */
export class FiguresNews {
  #heard: Json = null;
  #heardAt = 0;

  /** The event for these figures; null when nothing has changed but their age, and that only a little. */
  of(figures: Overview): LiveEvent | null {
    const now: Json = figures;
    const at = Date.parse(figures.at);
    const before = this.#heard;
    const changes = changesOf(before, now);
    const isNews = changes !== null && !(onlyTheirTime(changes) && at - this.#heardAt < BEAT_MS);
    if (!isNews) return null;
    this.#heard = now;
    this.#heardAt = at;
    return before === null ? { figures: now } : { changes };
  }
}

function onlyTheirTime(changes: ChangeSet): boolean {
  return "of" in changes && changes.gone === undefined && Object.keys(changes.of).every((name) => name === "at");
}
