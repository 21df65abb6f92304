/**
 * How often this process may send a call a second time: nine for a hundred calls, and a little is saved up for the moment in
 * which a provider dies. So of a thousand calls a hundred are sent twice at most: a tenth on top.
 */
export class RetryBudget {
  #saved = SAVED_MAX;

  /** A call was sent for the first time. */
  sent(): void {
    this.#saved = Math.min(SAVED_MAX, this.#saved + SHARE);
  }

  /** Takes one retry, if there is one. */
  take(): boolean {
    if (this.#saved < 1) return false;
    this.#saved -= 1;
    return true;
  }
}

const SHARE = 0.09;
/** As many as it takes until the breaker has closed the place. */
const SAVED_MAX = 10;
