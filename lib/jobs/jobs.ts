import type { Database } from "@/db/client";
import { keepBooks } from "@/db/queries/books/retention";
import { hasPriceBegun } from "@/db/queries/money/prices";
import type { Deliveries } from "@/lib/alerts/deliver";
import { type LiveFacts, watchOnce } from "@/lib/alerts/watch";
import { setRuleBrakes } from "@/lib/console/brakes/rule-brakes";
import type { Console } from "@/lib/console/kernel/console";
import { publishDue } from "@/lib/console/tiers/tier-versions";
import { carryBudgets } from "./carry-budgets";
import type { Job } from "./run-jobs";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/** Every background job of a process. To add one, add a line. */
export function backgroundJobs(input: {
  context: Console;
  live: LiveFacts;
  deliveries: Deliveries;
  /** settles calls of dead processes */
  reap: () => Promise<void>;
  /** tells the other processes that this one lives */
  beat: () => Promise<void>;
  /** tells the store which policy is the newest */
  keepStore: () => Promise<void>;
  /** exchanges with the other processes what calls used */
  shareExperience: () => Promise<void>;
}): readonly Job[] {
  const { context: operators, live, deliveries, reap, beat, keepStore, shareExperience } = input;
  const { db, clock, policy, publicUrl, installation } = operators;
  const keep = () => keepBooks(db, new Date(clock.now()), installation.ledgerDays);
  const carry = () => carryBudgets({ db, clock, policy });
  const watch = async () => {
    await setRuleBrakes(operators, await watchOnce({ db, clock, live, consoleUrl: publicUrl }));
  };
  return [
    { name: "heartbeat", everyMs: SECOND_MS, timeoutMs: 5 * SECOND_MS, run: beat, isFirstAwaited: true },
    { name: "keep-store", everyMs: SECOND_MS, timeoutMs: 15 * SECOND_MS, run: keepStore },
    { name: "share-experience", everyMs: SECOND_MS, timeoutMs: 15 * SECOND_MS, run: shareExperience },
    { name: "retention", everyMs: HOUR_MS, timeoutMs: 30 * MINUTE_MS, run: keep, isFirstAwaited: true },
    { name: "carry-budgets", everyMs: SECOND_MS, timeoutMs: 30 * SECOND_MS, run: carry, isFirstAwaited: true },
    { name: "prices", everyMs: SECOND_MS, timeoutMs: 10 * SECOND_MS, run: takeUpPrices(operators) },
    { name: "scheduled-drafts", everyMs: SECOND_MS, timeoutMs: MINUTE_MS, run: () => publishDue(operators) },
    { name: "alert-rules", everyMs: SECOND_MS / 2, timeoutMs: 15 * SECOND_MS, run: watch },
    { name: "alert-deliveries", everyMs: SECOND_MS / 2, timeoutMs: 15 * SECOND_MS, run: () => deliveries.look() },
    { name: "reap", everyMs: 2 * SECOND_MS, timeoutMs: 30 * SECOND_MS, run: reap },
  ];
}

/** Refreshes the policy when a price has begun to apply since the last look. */
function takeUpPrices({ db, clock, policy }: Pick<Console, "clock" | "policy"> & { db: Database }): Job["run"] {
  let seenUntil = clock.now();
  return async () => {
    const now = clock.now();
    if (await hasPriceBegun(db, new Date(seenUntil), new Date(now))) await policy.refresh();
    seenUntil = now;
  };
}
