import type { Database } from "@/db/client";
import { hasPriceBegun } from "@/db/queries/money/prices";
import type { Clock } from "@/lib/clock";
import { MINUTE_MS, SECOND_MS } from "@/lib/clock";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import { carryBudgets } from "./carry-budgets";
import type { Job } from "./run-jobs";

type Needs = { readonly db: Database; readonly clock: Clock; readonly policy: CurrentPolicy };

/** Background jobs of every process with a policy: changes that happen by time. */
export function policyJobs(needs: Needs): readonly Job[] {
  const carry = () => carryBudgets(needs);
  return [
    { name: "carry-budgets", everyMs: SECOND_MS, timeoutMs: MINUTE_MS / 2, run: carry, isFirstAwaited: true },
    { name: "prices", everyMs: SECOND_MS, timeoutMs: 10 * SECOND_MS, run: takeUpPrices(needs) },
  ];
}

/** Refreshes the policy when a new price has started. */
function takeUpPrices({ db, clock, policy }: Needs): Job["run"] {
  let seenUntil = clock.now();
  return async () => {
    const now = clock.now();
    if (await hasPriceBegun(db, new Date(seenUntil), new Date(now))) await policy.refresh();
    seenUntil = now;
  };
}
