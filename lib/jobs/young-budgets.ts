import type { Clock } from "@/lib/clock";
import { HOUR_MS, SECOND_MS } from "@/lib/clock";
import type { BudgetRow } from "@/lib/policy/budget";

/** The longest time between the admission of a call and its bill: a batch ends within a day. */
const YOUNG_MS = 28 * HOUR_MS;
const FIRST_MS = 2 * SECOND_MS;
/** Each check comes when the budget is this much older than at the last one. */
const FACTOR = 1.25;

type Needs = {
  readonly policy: { readonly snapshot: { readonly budgets: readonly BudgetRow[] } };
  readonly clock: Clock;
  /** raises the counters of these budgets to the ledger's sums */
  readonly raise: (budgets: readonly BudgetRow[]) => Promise<void>;
};

type Young = { readonly bornMs: number; dueMs: number };

/**
 * Compares new budgets with the ledger, again and again. Calls that ran when a budget came are not in its counter: they
 * were admitted without it. They are in the ledger when they end. A call that took some time is counted after at most a
 * quarter of that time more.
 */
export class YoungBudgets {
  readonly #needs: Needs;
  readonly #young = new Map<string, Young>();
  #known: ReadonlySet<string>;

  /** `createdAtMs`: of the budgets that are known when it starts. */
  constructor(needs: Needs, createdAtMs: ReadonlyMap<string, number>) {
    this.#needs = needs;
    this.#known = new Set(createdAtMs.keys());
    for (const [id, bornMs] of createdAtMs) this.#put(id, bornMs);
  }

  async run(): Promise<void> {
    const { policy, clock, raise } = this.#needs;
    const { budgets } = policy.snapshot;
    const now = clock.now();
    for (const { id } of budgets) if (!this.#known.has(id)) this.#put(id, now);
    // One that was removed and came back is new: what ran meanwhile was not counted.
    this.#known = new Set(budgets.map(({ id }) => id));
    for (const id of this.#young.keys()) if (!this.#known.has(id)) this.#young.delete(id);
    const due = budgets.filter(({ id }) => (this.#young.get(id)?.dueMs ?? Number.POSITIVE_INFINITY) <= now);
    if (due.length === 0) return;
    await raise(due);
    for (const { id } of due) this.#checked(id, now);
  }

  #put(id: string, bornMs: number): void {
    const now = this.#needs.clock.now();
    if (now - bornMs < YOUNG_MS) this.#young.set(id, { bornMs, dueMs: Math.max(now, bornMs + FIRST_MS) });
  }

  #checked(id: string, now: number): void {
    const one = this.#young.get(id);
    if (one === undefined) return;
    const age = Math.max(FIRST_MS, now - one.bornMs);
    if (age >= YOUNG_MS) this.#young.delete(id);
    else one.dueMs = one.bornMs + age * FACTOR;
  }
}
