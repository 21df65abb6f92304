import { LRUCache } from "lru-cache";
import { learnedReserve } from "@/lib/limits/ladder";

/** Whose answers are alike: one tenant's, for one feature, by one model. */
export type Kind = { readonly tenantId: string; readonly feature: string | null; readonly model: string };

/**
 * How long recent answers were, per kind of call: what the learned reserve is learned from. In this process only, as it
 * decides how much is held and never how much is charged.
 */
export class OutputLengths {
  readonly #recent = new LRUCache<string, { tokens: number[]; next: number }>({ max: KINDS_MAX });

  /** An answer that came to its own end. `tokens` is per choice. */
  add(kind: Kind, tokens: number): void {
    const id = idOf(kind);
    const known = this.#recent.get(id) ?? { tokens: [], next: 0 };
    known.tokens[known.next % RECENT_MAX] = tokens;
    known.next += 1;
    this.#recent.set(id, known);
  }

  /** Output tokens to hold for a call of this kind that may use up to `most`. */
  reserve(kind: Kind, most: number): number {
    return learnedReserve(this.#recent.get(idOf(kind))?.tokens ?? [], most);
  }
}

const KINDS_MAX = 20_000;
const RECENT_MAX = 100;

function idOf({ tenantId, feature, model }: Kind): string {
  return JSON.stringify([tenantId, feature, model]);
}
