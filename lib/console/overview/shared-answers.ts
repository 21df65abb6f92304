import type { Elapsed } from "@/lib/clock";

/** A quicker answer is not kept: each reader gets its own. */
const QUICK_MS = 200;
/**
 * An answer is kept this many times as long as it took, so that one question uses little of a connection. Readers see a
 * change within ten seconds.
 */
const KEPT_TIMES = 20;
const KEPT_MS_MAX = 10_000;
/** Kept answers; the oldest is dropped first. */
const QUESTIONS_MAX = 100;

/**
 * Answers of one expensive query, for all readers: readers who ask the same at the same time share one query, and a slow
 * answer is kept for a while. A failure is not kept. One per query and process.
 */
export class SharedAnswers<Value> {
  readonly #elapsed: Elapsed;
  readonly #known = new Map<string, { readonly value: Promise<Value>; keptUntil: number }>();

  constructor(elapsed: Elapsed) {
    this.#elapsed = elapsed;
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
    if (this.#known.size > QUESTIONS_MAX && oldest !== undefined) this.#known.delete(oldest);
    const forget = () => {
      if (this.#known.get(question) === fresh) this.#known.delete(question);
    };
    value.then(() => {
      const now = this.#elapsed();
      const tookMs = now - began;
      if (tookMs < QUICK_MS) forget();
      else fresh.keptUntil = now + Math.min(KEPT_MS_MAX, tookMs * KEPT_TIMES);
    }, forget);
    return value;
  }
}
