/**
 * Caches one expensive answer for a while, because past data hardly changes. Concurrent callers share the work. A
 * failure is not cached.
 */
export class Remembered<Value> {
  readonly #keepMs: number;
  #known: { readonly of: string; readonly at: number; readonly value: Promise<Value> } | null = null;

  constructor(keepMs: number) {
    this.#keepMs = keepMs;
  }

  /** The answer to the question `of`, at most `keepMs` old. */
  get(of: string, now: number, make: () => Promise<Value>): Promise<Value> {
    const known = this.#known;
    if (known?.of === of && now >= known.at && now - known.at < this.#keepMs) return known.value;
    const fresh = { of, at: now, value: make() };
    this.#known = fresh;
    fresh.value.catch(() => {
      if (this.#known === fresh) this.#known = null;
    });
    return fresh.value;
  }
}
