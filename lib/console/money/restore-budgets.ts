import type { Database } from "@/db/client";
import { readSpend } from "@/db/queries/money/budgets";
import type { Admission, KnownCount } from "@/lib/admission/admission";
import { digest } from "@/lib/admission/digest";
import { type BudgetRow, boundsOf, compileBudget } from "@/lib/policy/budget";
import { applied } from "@/lib/policy/compile";
import type { Snapshot } from "@/lib/policy/snapshot/snapshot";

/** Subjects of one budget that are restored at once; those that spend least come last. */
const SUBJECTS_MAX = 50_000;

/**
 * Lifts the counters of budgets to what the ledger says was spent in their current period: for a store that was emptied,
 * and for a budget that begins in the middle of its period. Counters that stand higher, as they do while calls run, stay.
 */
export async function restoreBudgets(input: {
  db: Database;
  admission: Pick<Admission, "raise">;
  snapshot: Snapshot;
  budgets: readonly BudgetRow[];
  digestSecret: string;
  now: number;
}): Promise<void> {
  const { db, admission, now, digestSecret, snapshot } = input;
  for (const row of input.budgets) {
    const { startMs, lastMs } = periodOf(row, now);
    const spend = await readSpend(db, [row.id], new Date(lastMs ?? startMs), SUBJECTS_MAX);
    const { limit } = compileBudget(row, now);
    const counts = new Map<string, { used: number; usedBefore: number }>();
    for (const { subject, periodStart, spentMicroUsd } of spend) {
      const counted = countedSubject({ row, booked: subject, snapshot, digestSecret });
      const known = counts.get(counted) ?? { used: 0, usedBefore: 0 };
      const isNow = periodStart.getTime() === startMs;
      counts.set(counted, isNow ? { ...known, used: spentMicroUsd } : { ...known, usedBefore: spentMicroUsd });
    }
    const known: KnownCount[] = [...counts].map(([subject, both]) => ({
      limit: applied(limit, subject, now),
      ...both,
    }));
    await admission.raise(known);
  }
}

/** Start of a budget's period at `now` and, where it still counts, of the one before; epoch ms. */
export function periodOf(
  row: Pick<BudgetRow, "period" | "timeZone" | "windowSeconds">,
  now: number,
): { startMs: number; endMs: number; lastMs: number | null } {
  const bounds = boundsOf(row, now);
  if (bounds !== null) return { startMs: bounds.startMs, endMs: bounds.endMs, lastMs: null };
  const length = (row.windowSeconds ?? 1) * 1000;
  const startMs = Math.floor(now / length) * length;
  return { startMs, endMs: startMs + length, lastMs: startMs - length };
}

/** A subject as counters name it, from what the ledger calls it. */
export function countedSubject(input: {
  row: Pick<BudgetRow, "level" | "tenantId">;
  booked: string;
  snapshot: Snapshot;
  digestSecret: string;
}): string {
  const { row, booked, snapshot, digestSecret } = input;
  const prefix = `t:${row.tenantId}`;
  switch (row.level) {
    case "global":
      return "global";
    case "tenant":
      return `${prefix}:tenant`;
    case "feature":
    case "session":
    case "agent":
    case "tag":
      return `${prefix}:${row.level}:${digest(digestSecret, row.level, row.tenantId ?? "", booked)}`;
    case "model":
      return `${prefix}:model:${snapshot.models.get(booked)?.id ?? booked}`;
    default:
      return `${prefix}:${row.level}:${booked}`;
  }
}
