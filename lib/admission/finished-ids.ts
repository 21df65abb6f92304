/**
 * Request ids of finished calls, so that a late duplicate or a second settlement does nothing. An id is kept for at
 * least `keptMs` and for a fifth more at most. A storm of calls forgets its oldest ids sooner, so that memory stays
 * bounded. An id costs about 90 bytes.
 */
export class FinishedIds {
  readonly #spanMs: number;
  readonly #most: number;
  /** youngest first */
  #spans: { readonly until: number; readonly ids: Set<string> }[] = [];

  constructor(keptMs: number, most = MOST) {
    this.#spanMs = keptMs / SPANS;
    this.#most = most / SPANS;
  }

  add(id: string, now: number): void {
    const young = this.#spans[0];
    if (young !== undefined && now < young.until && young.ids.size < this.#most) {
      young.ids.add(id);
      return;
    }
    this.#spans = [{ until: now + this.#spanMs, ids: new Set([id]) }, ...this.#spans.slice(0, SPANS)];
  }

  /** Also forgets ids that are too old, so that a quiet store keeps none for long. */
  has(id: string, now: number): boolean {
    const oldest = this.#spans.at(-1);
    if (oldest !== undefined && now >= oldest.until + SPANS * this.#spanMs) this.#spans.pop();
    return this.#spans.some(({ ids }) => ids.has(id));
  }

  get size(): number {
    return this.#spans.reduce((sum, { ids }) => sum + ids.size, 0);
  }
}

const SPANS = 5;
const MOST = 4_000_000;
