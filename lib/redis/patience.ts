/** How often waits are looked at, ms; and the most that one turn of the event loop counts as, however long it took. */
const SLICE_MS = 10;
/** How far a budget may grow with what the store has been taking. */
const MOST_MS = 250;
/** As TCP waits for an answer (RFC 6298): the smoothed time, and four times how much it varies. */
const [SMOOTH, VARY, SPREAD] = [1 / 8, 1 / 4, 4];

type Waiting = { readonly since: number; readonly expire: () => void };

/**
 * How long an answer of the store is waited for. What counts is time in which this process could have read it: a turn of
 * the event loop counts for ten milliseconds at most, so a process that is busy or was stopped does not take a store for
 * absent that had answered in time, and answers are read again before one is given up. The budget follows what the
 * store takes, also by answers that came too late: a store on a busy machine is slow, one that hangs never answers.
 */
export class Patience {
  readonly #leastMs: number;
  readonly #mostMs: number;
  readonly #now: () => number;
  readonly #nextTurn: (turn: () => void) => void;
  /** In the order in which they began, and so in which they end. */
  readonly #waiting = new Set<Waiting>();
  #isTurning = false;
  #awakeMs = 0;
  #lastTurn = 0;
  #usualMs = 0;
  #variationMs = 0;

  constructor(input: { budgetMs: number; now?: () => number; nextTurn?: (turn: () => void) => void }) {
    this.#leastMs = input.budgetMs;
    this.#mostMs = Math.max(input.budgetMs, MOST_MS);
    this.#now = input.now ?? (() => performance.now());
    this.#nextTurn = input.nextTurn ?? afterReading;
  }

  /** What an answer may take now, ms. */
  get budgetMs(): number {
    return Math.min(this.#mostMs, Math.max(this.#leastMs, this.#usualMs + SPREAD * this.#variationMs));
  }

  /** The answer, or a rejection when it takes longer than the budget. */
  wait<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const since = this.#begin();
      const waiting = { since, expire: () => reject(new Error("the command timed out")) };
      this.#waiting.add(waiting);
      answer.then(
        (value) => {
          this.#waiting.delete(waiting);
          this.#learn(this.#read() - since);
          resolve(value);
        },
        (error: unknown) => {
          this.#waiting.delete(waiting);
          reject(error);
        },
      );
    });
  }

  #begin(): number {
    if (this.#isTurning) return this.#read();
    // One chain of turns whatever comes and goes: a chain per command would outlive its command and never end.
    this.#isTurning = true;
    this.#lastTurn = this.#now();
    this.#nextTurn(() => this.#turn());
    return this.#awakeMs;
  }

  #read(): number {
    return this.#awakeMs + Math.min(SLICE_MS, this.#now() - this.#lastTurn);
  }

  #turn(): void {
    this.#awakeMs = this.#read();
    this.#lastTurn = this.#now();
    const oldest = this.#awakeMs - this.budgetMs;
    for (const waiting of this.#waiting) {
      if (waiting.since > oldest) break;
      this.#waiting.delete(waiting);
      waiting.expire();
    }
    this.#isTurning = this.#waiting.size > 0;
    if (this.#isTurning) this.#nextTurn(() => this.#turn());
  }

  #learn(tookMs: number): void {
    const ms = Math.min(tookMs, this.#mostMs);
    this.#variationMs += VARY * (Math.abs(ms - this.#usualMs) - this.#variationMs);
    this.#usualMs += SMOOTH * (ms - this.#usualMs);
  }
}

/** Sockets are read between the phase of timers and that of immediates. */
function afterReading(turn: () => void): void {
  setTimeout(() => setImmediate(turn), SLICE_MS);
}
