import type { Elapsed } from "@/lib/clock";

type Keeping = {
  /** a quicker answer is not kept: each reader gets its own */
  readonly quickMs: number;
  /** An answer is kept this many times as long as it took, so that one question uses little of a connection. */
  readonly keptTimes: number;
  readonly keptMsMax: number;
  /** kept answers; the oldest is dropped first */
  readonly questionsMax: number;
};

/** Readers see a change within ten seconds. */
const LIVE: Keeping = { quickMs: 200, keptTimes: 20, keptMsMax: 10_000, questionsMax: 100 };
/** Of sums that are closed. They change only when a call is booked late; large ones have an entry for each key. */
export const CLOSED: Keeping = { quickMs: 50, keptTimes: 20_000, keptMsMax: 600_000, questionsMax: 6 };

/**
 * Answers of one expensive query, for all readers: readers who ask the same at the same time share one query, and a slow
 * answer is kept for a while. A failure is not kept. One per query and process.
 */
export class SharedAnswers<Value> {
  readonly #elapsed: Elapsed;
  readonly #keeping: Keeping;
  readonly #known = new Map<string, { readonly value: Promise<Value>; keptUntil: number }>();

  constructor(elapsed: Elapsed, keeping = LIVE) {
    this.#elapsed = elapsed;
    this.#keeping = keeping;
  }

  /** The answer to `question`, which names all that the query depends on. */
  get(question: string, make: () => Promise<Value>): Promise<Value> {
    const known = this.#known.get(question);
    const began = this.#elapsed();
    if (known !== undefined && began < known.keptUntil) return known.value;
    const value = make();
    const fresh = { value, keptUntil: Number.POSITIVE_INFINITY };
    this.#known.delete(question);
    this.#known.set(question, fresh);
    const [oldest] = this.#known.keys();
    const { quickMs, keptTimes, keptMsMax, questionsMax } = this.#keeping;
    if (this.#known.size > questionsMax && oldest !== undefined) this.#known.delete(oldest);
    const forget = () => {
      if (this.#known.get(question) === fresh) this.#known.delete(question);
    };
    value.then(() => {
      const now = this.#elapsed();
      const tookMs = now - began;
      if (tookMs < quickMs) forget();
      else fresh.keptUntil = now + Math.min(keptMsMax, tookMs * keptTimes);
    }, forget);
    return value;
  }
}
