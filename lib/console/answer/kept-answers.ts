import { LRUCache } from "lru-cache";
import { changesOf } from "../overview/live/changes-of";
import { atClock, type SentAnswer } from "./sent-answer";

/** Characters of all kept answers together, and of one. */
const CHARS_MAX = 16_000_000;
const ONE_CHARS_MAX = 1_000_000;
/** Changes that are hardly shorter than the answer are not worth the reader's work. */
const WORTH_SHARE = 0.6;
const HOME = Symbol.for("spillway.kept-answers");

/**
 * The newest answers that were sent to pages, by their tags. A page that asks again gets only what has changed since.
 * Bounded; an answer that is gone, or that another process sent, is sent whole again.
 */
export class KeptAnswers {
  readonly #known: LRUCache<string, SentAnswer>;

  constructor(charsMax = CHARS_MAX) {
    this.#known = new LRUCache({
      maxSize: charsMax,
      maxEntrySize: Math.min(charsMax, ONE_CHARS_MAX),
      sizeCalculation: ({ text }) => text.length,
    });
  }

  /** Keeps an answer whose reader may ask for the changes since. */
  keep(answer: SentAnswer): void {
    this.#known.set(answer.tag, answer);
  }

  /** The JSON of the changes from the answer with this tag to this one; null = it must be sent whole. */
  changesSince(tag: string, { text, clock }: SentAnswer): string | null {
    const before = this.#known.get(tag);
    if (before === undefined) return null;
    const changes = changesOf(JSON.parse(atClock(before, clock)), JSON.parse(text));
    const sent = JSON.stringify(changes);
    return changes === null || sent.length > text.length * WORTH_SHARE ? null : sent;
  }
}

/** One per process, shared by our server's bundle and Next's. */
export function keptAnswers(): KeptAnswers {
  const known: KeptAnswers | undefined = Reflect.get(globalThis, HOME);
  const kept = known ?? new KeptAnswers();
  Reflect.set(globalThis, HOME, kept);
  return kept;
}
