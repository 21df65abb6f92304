import { LRUCache } from "lru-cache";
import { learnedReserve } from "@/lib/limits/ladder";

/** Calls that are alike: one tenant's, for one feature, served by one model. */
export type Kind = { readonly tenantId: string; readonly feature: string | null; readonly model: string };

/** What one call came to that its provider billed to the end. */
type Completed = {
  readonly estimatedInputTokens: number;
  readonly inputTokens: number;
  /** per choice */
  readonly outputTokens: number;
};

/**
 * What recent calls of each kind came to. In this process only: it decides how much is held, and how an input is reckoned
 * that nobody reported; never how much is charged for what was reported.
 */
export class Experience {
  readonly #recent = new LRUCache<string, { calls: Completed[]; next: number }>({ max: KINDS_MAX });

  readonly #running = new Map<string, number>();

  /** One more call of this kind is under way. Returns how to say that it is over; saying it twice is once. */
  enter(kind: Kind): () => void {
    const id = idOf(kind);
    const count = (by: number) => {
      const now = (this.#running.get(id) ?? 0) + by;
      if (now > 0) this.#running.set(id, now);
      else this.#running.delete(id);
    };
    count(1);
    let isOver = false;
    return () => {
      if (!isOver) count(-1);
      isOver = true;
    };
  }

  add(kind: Kind, call: Completed): void {
    const id = idOf(kind);
    const known = this.#recent.get(id) ?? { calls: [], next: 0 };
    known.calls[known.next % RECENT_MAX] = call;
    known.next += 1;
    this.#recent.set(id, known);
  }

  /** Output tokens to hold for a call of this kind that may use up to `most`, per choice. */
  reserve(kind: Kind, most: number): number {
    const lengths = this.#of(kind).map((call) => call.outputTokens);
    // The call itself has entered already.
    return learnedReserve(lengths, most, Math.max(0, (this.#running.get(idOf(kind)) ?? 0) - 1));
  }

  /** The input tokens of a call that nobody reported, from its estimate and what such estimates came to. */
  inputTokens(kind: Kind, estimate: number): number {
    const calls = this.#of(kind).filter((call) => call.estimatedInputTokens > 0);
    if (calls.length < SAMPLES_MIN) return estimate;
    const sum = (of: (call: Completed) => number) => calls.reduce((total, call) => total + of(call), 0);
    const ratio = sum((call) => call.inputTokens) / sum((call) => call.estimatedInputTokens);
    return Math.round(estimate * Math.min(RATIO.most, Math.max(RATIO.least, ratio)));
  }

  #of(kind: Kind): readonly Completed[] {
    return this.#recent.get(idOf(kind))?.calls ?? [];
  }
}

const KINDS_MAX = 20_000;
const RECENT_MAX = 100;
const SAMPLES_MIN = 5;
/** An estimate is never further off than this on any text that was measured. */
const RATIO = { least: 0.25, most: 2 };

function idOf({ tenantId, feature, model }: Kind): string {
  return JSON.stringify([tenantId, feature, model]);
}
