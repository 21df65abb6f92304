import type { Database } from "@/db/client";
import { bumpPolicyVersion } from "@/db/queries/limits/config";
import { carryOver } from "@/db/queries/money/budgets";
import type { Clock } from "@/lib/clock";
import { eachAlone } from "@/lib/each-alone";
import { boundsOf } from "@/lib/policy/budget";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";

/** Carries the unspent amount of budgets into the next period; in force when this resolves. */
export async function carryBudgets(input: { db: Database; clock: Clock; policy: CurrentPolicy }): Promise<void> {
  const { db, clock, policy } = input;
  const now = clock.now();
  const due = policy.snapshot.budgets.filter(
    (row) => row.carryOver && row.carriedIntoMs !== boundsOf(row, now)?.startMs,
  );
  if (due.length === 0) return;
  let hasCarried = false;
  const publish = async () => {
    if (hasCarried) await bumpPolicyVersion(db, { actor: "clock", change: "budgets.carry" });
    await policy.refresh();
  };
  await eachAlone(due, async (row) => {
    const bounds = boundsOf(row, now);
    const last = bounds && boundsOf(row, bounds.startMs - 1);
    if (bounds === null || last === null) return;
    const dates = { periodStart: new Date(bounds.startMs), lastStart: new Date(last.startMs) };
    hasCarried = (await carryOver(db, { id: row.id, ...dates })) || hasCarried;
  }).finally(publish);
}
