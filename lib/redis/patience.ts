/** How often waits are checked, ms. Also the most that one turn of the event loop counts as. */
const SLICE_MS = 10;
/** The most that a budget may grow to when the store answers slowly. */
const MOST_MS = 250;
/** As TCP waits for an answer (RFC 6298): the smoothed time plus four times its variation. */
const [SMOOTH, VARY, SPREAD] = [1 / 8, 1 / 4, 4];

type Waiting = { readonly since: number; readonly expire: () => void };

/**
 * How long to wait for an answer of the store. Only time in which this process could have read it counts: one turn of
 * the event loop counts as ten milliseconds at most. So a busy or stopped process does not take a store for absent that
 * answered in time, and it reads answers again before it gives one up. The budget follows the store's answer times,
 * late answers included: a store on a busy machine is slow, one that hangs never answers.
 */
export class Patience {
  readonly #leastMs: number;
  readonly #mostMs: number;
  readonly #now: () => number;
  readonly #nextTurn: (turn: () => void) => void;
  /** In order of start, and so in order of end. */
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

  /** How long an answer may take now, ms. */
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
    // One chain of turns for all commands: a chain per command would outlive its command and never end.
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

/** Runs `turn` after sockets are read, which happens between the timer phase and the immediate phase. */
function afterReading(turn: () => void): void {
  setTimeout(() => setImmediate(turn), SLICE_MS);
}
