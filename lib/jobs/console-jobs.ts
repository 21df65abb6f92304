import { keepBooks } from "@/db/queries/books/retention";
import { readBudgets } from "@/db/queries/money/budgets";
import { type LiveFacts, watchOnce } from "@/lib/alerts/watch";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "@/lib/clock";
import { setRuleBrakes } from "@/lib/console/brakes/rule-brakes";
import type { ConsoleContext } from "@/lib/console/kernel/context";
import { restoreBudgets } from "@/lib/console/money/restore-budgets";
import { publishDue } from "@/lib/console/tiers/tier-versions";
import type { BudgetRow } from "@/lib/policy/budget";
import type { Job } from "./run-jobs";
import { YoungBudgets } from "./young-budgets";

/** Background jobs of the process that serves the console. */
export function consoleJobs(input: {
  context: ConsoleContext;
  live: LiveFacts;
  /** opens due alerts */
  deliver: () => Promise<void>;
  /** audits a database that was restored from an older backup */
  tellRestores: () => Promise<void>;
  /** stores brakes that were set while the database was away */
  bookBrakes: () => Promise<void>;
}): readonly Job[] {
  const { context: operators, live, deliver, tellRestores, bookBrakes } = input;
  const { db, clock, publicUrl, installation } = operators;
  const keep = () => keepBooks(db, new Date(clock.now()), installation.ledgerDays);
  const watch = async () => {
    await setRuleBrakes(operators, await watchOnce({ db, clock, live, consoleUrl: publicUrl }));
  };
  const publish = () => publishDue(operators);
  return [
    { name: "retention", everyMs: HOUR_MS, timeoutMs: 30 * MINUTE_MS, run: keep, isFirstAwaited: true },
    { name: "scheduled-drafts", everyMs: SECOND_MS, timeoutMs: MINUTE_MS, run: publish },
    { name: "young-budgets", everyMs: SECOND_MS, timeoutMs: MINUTE_MS, run: countLateCalls(operators) },
    { name: "tell-restores", everyMs: SECOND_MS, timeoutMs: 15 * SECOND_MS, run: tellRestores },
    { name: "book-brakes", everyMs: SECOND_MS, timeoutMs: 15 * SECOND_MS, run: bookBrakes },
    { name: "alert-rules", everyMs: SECOND_MS / 2, timeoutMs: 15 * SECOND_MS, run: watch },
    { name: "alert-deliveries", everyMs: SECOND_MS / 2, timeoutMs: MINUTE_MS / 2, run: deliver },
  ];
}

/** New budgets also count the calls that ran when they came. */
function countLateCalls({ db, admission, policy, clock, digestSecret, drainBooks }: ConsoleContext): Job["run"] {
  const raise = async (budgets: readonly BudgetRow[]) => {
    await drainBooks();
    await restoreBudgets({ db, admission, snapshot: policy.snapshot, budgets, digestSecret, now: clock.now() });
  };
  let young: YoungBudgets | null = null;
  return async () => {
    if (young === null) {
      const created = (await readBudgets(db, null)).map(({ id, createdAt }) => [id, createdAt.getTime()] as const);
      young = new YoungBudgets({ policy, clock, raise }, new Map(created));
    }
    await young.run();
  };
}
