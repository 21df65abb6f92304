import type { Database } from "@/db/client";
import { keepBooks } from "@/db/queries/books/retention";
import { bumpPolicyVersion } from "@/db/queries/limits/config";
import { carryOver } from "@/db/queries/money/budgets";
import { hasPriceBegun } from "@/db/queries/money/prices";
import type { Clock } from "@/lib/clock";
import type { Log } from "@/lib/log";
import { boundsOf } from "@/lib/policy/budget";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current";

const WATCH_EVERY_MS = 500;
const CARRY_EVERY_MS = 1000;
const KEEP_EVERY_MS = 3_600_000;

/**
 * What has to be done from time to time, by whichever process comes first: partitions and retention of the books, and
 * what budgets carry from one period into the next. The first round is over when this returns. Returns how to stop.
 */
export async function startChores(input: {
  db: Database;
  clock: Clock;
  log: Log;
  policy: CurrentPolicy;
  ledgerDays: number;
  /** One look at the alerting rules. What they find is sent elsewhere: no brake waits for a receiver. */
  watch: () => Promise<void>;
  /** Publishes the drafts whose time has come. */
  publishDue: () => Promise<void>;
}): Promise<() => void> {
  const { db, clock, log, policy, ledgerDays, watch, publishDue } = input;
  const safely = (what: string, work: () => Promise<void>) => async () => {
    await work().catch((error: unknown) => log.warn({ err: error }, `${what}: not done; it will be tried again`));
  };
  const keep = safely("retention of the books", () => keepBooks(db, new Date(clock.now()), ledgerDays));
  let pricesSeen = clock.now();
  const prices = safely("prices that begin to hold", async () => {
    const now = clock.now();
    if (await hasPriceBegun(db, new Date(pricesSeen), new Date(now))) await policy.refresh();
    pricesSeen = now;
  });
  const carry = safely("carrying budgets over", () => carryAll({ db, clock, policy }));
  await keep();
  await carry();
  const timers = [
    setInterval(oneAtATime(safely("alerts", watch)), WATCH_EVERY_MS).unref(),
    setInterval(carry, CARRY_EVERY_MS).unref(),
    setInterval(prices, CARRY_EVERY_MS).unref(),
    setInterval(oneAtATime(safely("scheduled drafts", publishDue)), CARRY_EVERY_MS).unref(),
    setInterval(keep, KEEP_EVERY_MS).unref(),
  ];
  return () => {
    for (const timer of timers) clearInterval(timer);
  };
}

/** A round that takes longer than the pause between two is not overtaken by the next. */
function oneAtATime(work: () => Promise<void>): () => Promise<void> {
  let isBusy = false;
  return async () => {
    if (isBusy) return;
    isBusy = true;
    await work().finally(() => {
      isBusy = false;
    });
  };
}

/** Carries what is due; in force when this returns. */
async function carryAll(input: { db: Database; clock: Clock; policy: CurrentPolicy }): Promise<void> {
  const { db, clock, policy } = input;
  const now = clock.now();
  const due = policy.snapshot.budgets.filter(
    (row) => row.carryOver && row.carriedIntoMs !== boundsOf(row, now)?.startMs,
  );
  if (due.length === 0) return;
  let hasCarried = false;
  for (const row of due) {
    const bounds = boundsOf(row, now);
    const last = bounds && boundsOf(row, bounds.startMs - 1);
    if (bounds === null || last === null) continue;
    const dates = { periodStart: new Date(bounds.startMs), lastStart: new Date(last.startMs) };
    hasCarried = (await carryOver(db, { id: row.id, ...dates })) || hasCarried;
  }
  if (hasCarried) await bumpPolicyVersion(db, { actor: "clock", change: "budgets.carry" });
  await policy.refresh();
}
