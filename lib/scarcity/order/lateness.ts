import { PRIORITIES, type Priority, rankOf } from "@/lib/limits/rules/priority";
import type { QueueConstants } from "./constants";

/** As long as shedding takes to halve, so that a fluctuating load does not open and close a class with it. */
const SHUT_MS = 300_000;
/** So many of a closed class may wait: its floor has a call to serve, and free room is used. */
export const LET_IN = 10;

/**
 * Age alone must not invert an overload. A background call may wait for ten minutes, so it would in the end go before
 * every standard call, which gives up after thirty seconds. While calls of a class give up for lateness, calls that
 * could overtake them by age are not let in. So only those that already wait, and a few more, ever overtake.
 */
export class Lateness {
  readonly #constants: () => QueueConstants;
  readonly #late = new Map<Priority, { readonly fromMs: number; readonly lastMs: number }>();

  constructor(constants: () => QueueConstants) {
    this.#constants = constants;
  }

  /** A call of this class has waited its maximum. */
  note(priority: Priority, now: number): void {
    const known = this.#late.get(priority);
    const goesOn = known !== undefined && now - known.lastMs < SHUT_MS;
    this.#late.set(priority, { fromMs: goesOn ? known.fromMs : now, lastMs: now });
  }

  /** Whether a new call of this class is not let in when so many of it wait. */
  isShut(priority: Priority, waiting: number, now: number): boolean {
    if (this.#late.size === 0 || waiting < LET_IN) return false;
    // A batch call outlasts a short overload and is served in the end.
    const patienceMs = priority === "background" ? 0 : this.#constants().ageingMs;
    return PRIORITIES.some((other) => {
      const late = this.#late.get(other);
      if (late === undefined || now - late.lastMs >= SHUT_MS || now - late.fromMs < patienceMs) return false;
      return this.#mayOvertake(priority, other);
    });
  }

  #mayOvertake(priority: Priority, other: Priority): boolean {
    const { ageingMs, waitMs } = this.#constants();
    const ranks = rankOf(priority) - rankOf(other);
    return ranks > 0 && waitMs[priority] >= ranks * ageingMs;
  }
}
