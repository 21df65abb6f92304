/**
 * How often this process may send a call a second time: nine per hundred calls, plus a small reserve for the moment a
 * provider dies. So at most a hundred of a thousand calls are sent twice: a tenth on top.
 */
export class RetryBudget {
  #saved = SAVED_MAX;

  /** A call was sent for the first time. */
  sent(): void {
    this.#saved = Math.min(SAVED_MAX, this.#saved + SHARE);
  }

  /** Takes one retry, if one is left. */
  take(): boolean {
    if (this.#saved < 1) return false;
    this.#saved -= 1;
    return true;
  }
}

const SHARE = 0.09;
/** As many as are needed until the breaker has closed the place. */
const SAVED_MAX = 10;
