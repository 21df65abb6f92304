/**
 * How often this process may send a call a second time: one for ten calls, so that a provider in trouble never gets more
 * than a tenth on top. A little is saved up, for the moment in which a provider dies.
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

const SHARE = 0.1;
/** As many as it takes until the breaker has closed the place. */
const SAVED_MAX = 10;
