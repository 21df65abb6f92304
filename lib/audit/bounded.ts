import type { Clock } from "@/lib/clock";

const WINDOW_MS = 10 * 60_000;
/** Acts per window with their own row: of one subject, and of one kind by all subjects together. */
const ROWS_EACH = 5;
const ROWS_ALL = 100;
const SUBJECTS_MAX = 1000;
const SUMMARIES_MAX = 20;
const OTHERS = "others";

/** Acts of one kind and subject that were counted, not written. */
export type Summary = { readonly what: string; readonly who: string; readonly more: number };

type Count = { readonly what: string; readonly who: string; seen: number; written: number };

/**
 * Bounds the rows that people without rights can cause. In ten minutes the first few acts of each subject get a row
 * each; the rest is counted and written as one row at the end. Per process; rows per window: at most 120 a kind.
 */
export class Bounded {
  readonly #clock: Clock;
  #startedMs: number;
  #counts = new Map<string, Count>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#startedMs = clock.now();
  }

  /** Whether this act gets its own row. */
  take(what: string, who: string): boolean {
    const all = this.#countOf(what, "");
    const own = this.#countOf(what, this.#counts.size < SUBJECTS_MAX ? who : OTHERS);
    own.seen += 1;
    if (own.written >= ROWS_EACH || all.written >= ROWS_ALL) return false;
    own.written += 1;
    all.written += 1;
    return true;
  }

  /** The counted acts of the ended window, or up to now with `early`; nothing while the window runs. */
  due(early = false): readonly Summary[] {
    if (!early && this.#clock.now() - this.#startedMs < WINDOW_MS) return [];
    this.#startedMs = this.#clock.now();
    const counts = [...this.#counts.values()];
    this.#counts = new Map();
    const kinds = new Set(counts.map(({ what }) => what));
    return [...kinds].flatMap((kind) => summaries(counts.filter(({ what }) => what === kind)));
  }

  #countOf(what: string, who: string): Count {
    const key = JSON.stringify([what, who]);
    const known = this.#counts.get(key) ?? { what, who, seen: 0, written: 0 };
    this.#counts.set(key, known);
    return known;
  }
}

/** The largest by name, all others in one entry. */
function summaries(counts: readonly Count[]): readonly Summary[] {
  const more = counts
    .map(({ what, who, seen, written }) => ({ what, who, more: seen - written }))
    .filter((one) => one.more > 0)
    .sort((left, right) => right.more - left.more);
  const rest = more.slice(SUMMARIES_MAX - 1);
  const [first] = rest;
  if (first === undefined || rest.length === 1) return more;
  const sum = rest.reduce((total, one) => total + one.more, 0);
  return [...more.slice(0, SUMMARIES_MAX - 1), { what: first.what, who: OTHERS, more: sum }];
}
