import { lt, sql } from "drizzle-orm";
import { DAY_MS } from "@/lib/clock";
import { requestIdAt } from "@/lib/request-id";
import type { Database } from "../../client";
import { clientCounts, labelUsage, observedCounts, refusalCounts, refusedCalls, usage } from "../../schema/books";
import { budgetEvents, budgetSpend } from "../../schema/budgets";
import { forgetAlerts } from "../operators/alerts";
import { forgetRemoved } from "../operators/removed";
import { forgetTurnedAway } from "../requests/turned-away";
import { forgetWishes } from "../tenants/wishes";
import { forgetUsed } from "./kept";
import { forgetLearned } from "./learned";

const DAYS_AHEAD = 3;
const ALERT_DAYS = 100;
const REFUSED_CALLS_DAYS = 7;
const LEARNED_DAYS = 30;
/** Maximum of stored kinds of calls: callers name features, and may use any number of names. */
const LEARNED_KINDS = 100_000;
/** Any number, the same in every process: one at a time does this work. */
const RETENTION_LOCK = 4_207_520;

/**
 * Makes and drops ledger partitions (`days`), and deletes old data: minutes after 3 days, refused calls after 7,
 * removed objects after one, learned reserves after 30, hours, alerts and wishes after 100, the rest with the ledger. One process at a time.
 */
export async function keepBooks(db: Database, now: Date, days: number): Promise<void> {
  await db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ held: boolean }>(
      sql`select pg_try_advisory_xact_lock(${RETENTION_LOCK}) as held`,
    );
    if (rows[0]?.held !== true) return;
    const known = new Set(await partitionsOf(tx));
    const today = Math.floor(now.getTime() / DAY_MS);
    for (let day = today - 1; day <= today + DAYS_AHEAD; day++) {
      if (!known.has(nameOf(day))) await makePartition(tx, day);
    }
    for (const name of known) {
      const day = dayOf(name);
      if (day !== null && day < today - days) await tx.execute(sql`select drop_ledger_part(${name})`);
    }
    const before = (age: number) => sql`${new Date((today - age) * DAY_MS).toISOString()}::timestamptz`;
    await tx.execute(sql`delete from ledger_rest where ended_at < ${before(days)}`);
    await tx.delete(usage).where(sql`${usage.grain} = 'minute' and ${usage.bucket} < ${before(3)}`);
    await tx.delete(usage).where(sql`${usage.grain} in ('hour', 'key_hour') and ${usage.bucket} < ${before(100)}`);
    await tx.delete(usage).where(sql`${usage.bucket} < ${before(days)}`);
    await tx.delete(labelUsage).where(sql`${labelUsage.bucket} < ${before(Math.min(days, 100))}`);
    await tx.delete(refusalCounts).where(sql`${refusalCounts.minute} < ${before(Math.min(days, 100))}`);
    const kept = Math.min(days, REFUSED_CALLS_DAYS);
    await tx.delete(refusedCalls).where(lt(refusedCalls.requestId, requestIdAt((today - kept) * DAY_MS)));
    await forgetTurnedAway(tx, new Date((today - kept) * DAY_MS));
    await tx.delete(observedCounts).where(sql`${observedCounts.minute} < ${before(Math.min(days, 100))}`);
    await tx.delete(clientCounts).where(sql`${clientCounts.day} < ${before(Math.min(days, 100))}`);
    await tx.delete(budgetSpend).where(sql`${budgetSpend.periodStart} < ${before(days)}`);
    await tx.delete(budgetEvents).where(sql`${budgetEvents.periodStart} < ${before(days)}`);
    await forgetAlerts(tx, new Date((today - ALERT_DAYS) * DAY_MS));
    await forgetRemoved(tx, new Date(now.getTime() - DAY_MS));
    await forgetUsed(tx, new Date((today - days) * DAY_MS));
    await forgetWishes(tx, new Date((today - ALERT_DAYS) * DAY_MS));
    await forgetLearned(tx, new Date((today - LEARNED_DAYS) * DAY_MS), LEARNED_KINDS);
  });
}

/** Names of the ledger's partitions. */
export async function partitionsOf(db: Database): Promise<string[]> {
  const { rows } = await db.execute<{ name: string }>(
    sql`select inhrelid::regclass::text as name from pg_inherits where inhparent = ${"ledger"}::regclass order by 1`,
  );
  return rows.map((row) => row.name);
}

async function makePartition(tx: Database, day: number): Promise<void> {
  const [from, to] = [requestIdAt(day * DAY_MS), requestIdAt((day + 1) * DAY_MS)];
  await tx.execute(sql`select make_ledger_part(${nameOf(day)}, ${from}, ${to})`);
}

function nameOf(day: number): string {
  return `ledger_${new Date(day * DAY_MS).toISOString().slice(0, 10).replaceAll("-", "")}`;
}

function dayOf(name: string): number | null {
  const [, year, month, day] = /^ledger_(\d{4})(\d{2})(\d{2})$/.exec(name) ?? [];
  return year === undefined ? null : Date.parse(`${year}-${month}-${day}T00:00:00Z`) / DAY_MS;
}
