import { PRIORITIES, type Priority, rankOf } from "@/lib/limits/rules/priority";
import type { QueueConstants } from "./constants";

/** As long as shedding takes to halve: a load that comes and goes does not open and shut a class with it. */
const SHUT_MS = 300_000;
/** So many of a class wait on while it is shut: its floor has somebody to serve, and room that comes is used. */
export const LET_IN = 10;

/**
 * Age alone must not turn an overload around: a background call that may wait for ten minutes would otherwise go before every
 * standard call in the end, which gives up after thirty seconds. While calls of a class give up for lateness, those that could
 * overtake them by age are not let in. So only those that wait at that moment, and a few more, ever overtake.
 */
export class Lateness {
  readonly #constants: () => QueueConstants;
  readonly #lateAt = new Map<Priority, number>();

  constructor(constants: () => QueueConstants) {
    this.#constants = constants;
  }

  /** A call of this class has waited for as long as it may. */
  note(priority: Priority, now: number): void {
    this.#lateAt.set(priority, now);
  }

  /** Whether a call of this class is not let in, when so many of it wait. */
  isShut(priority: Priority, waiting: number, now: number): boolean {
    if (this.#lateAt.size === 0 || waiting < LET_IN) return false;
    return PRIORITIES.some((other) => {
      const at = this.#lateAt.get(other);
      return at !== undefined && now - at < SHUT_MS && this.#mayOvertake(priority, other);
    });
  }

  #mayOvertake(priority: Priority, other: Priority): boolean {
    const { ageingMs, waitMs } = this.#constants();
    const ranks = rankOf(priority) - rankOf(other);
    return ranks > 0 && waitMs[priority] >= ranks * ageingMs;
  }
}
