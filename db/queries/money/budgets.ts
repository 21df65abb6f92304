import { and, desc, eq, gte, inArray, isNull, or, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { ledger, refusalCounts } from "../../schema/books";
import { budgetEvents, budgetSpend, budgets } from "../../schema/budgets";
import { users } from "../../schema/tenancy";
import { lockBudgets, rebookBudget } from "../books/budget-spend";

export type BudgetInsert = typeof budgets.$inferInsert;
export type BudgetRecord = typeof budgets.$inferSelect;
export type SpendRow = typeof budgetSpend.$inferSelect;
export type BudgetEventRow = typeof budgetEvents.$inferSelect;

/** A new budget, booked from the ledger since `since`; false when its name is taken. Blocks drains until the end. */
export async function insertBudget(tx: Database, row: BudgetInsert, since: Date): Promise<boolean> {
  await lockBudgets(tx);
  const [stored] = await tx.insert(budgets).values(row).onConflictDoNothing().returning({ id: budgets.id });
  if (stored === undefined) return false;
  await rebookBudget(tx, stored.id, since);
  return true;
}

export async function lockBudget(tx: Database, id: string): Promise<BudgetRecord | null> {
  const [row] = await tx.select().from(budgets).where(eq(budgets.id, id)).for("update");
  return row ?? null;
}

export async function updateBudget(tx: Database, id: string, set: Partial<BudgetInsert>): Promise<BudgetRecord> {
  const [row] = await tx.update(budgets).set(set).where(eq(budgets.id, id)).returning();
  if (row === undefined) throw new Error("update met no row");
  return row;
}

export async function deleteBudget(tx: Database, id: string): Promise<void> {
  await tx.delete(budgets).where(eq(budgets.id, id));
}

/** A tenant's budgets and those for all tenants; without a tenant all. */
export async function readBudgets(db: Database, tenantId: string | null): Promise<BudgetRecord[]> {
  const own = tenantId === null ? undefined : or(isNull(budgets.tenantId), eq(budgets.tenantId, tenantId));
  return db.select().from(budgets).where(own).orderBy(budgets.createdAt, budgets.id);
}

/** The booked spend of some budgets in the periods that begin at or after `since`, largest first. */
export async function readSpend(db: Database, ids: readonly string[], since: Date, most: number): Promise<SpendRow[]> {
  if (ids.length === 0) return [];
  return db
    .select()
    .from(budgetSpend)
    .where(and(inArray(budgetSpend.budgetId, [...ids]), gte(budgetSpend.periodStart, since)))
    .orderBy(desc(budgetSpend.spentMicroUsd), budgetSpend.subject)
    .limit(most);
}

/** Passed thresholds, in order. */
export async function readBudgetEvents(db: Database, ids: readonly string[], since: Date): Promise<BudgetEventRow[]> {
  if (ids.length === 0) return [];
  return db
    .select()
    .from(budgetEvents)
    .where(and(inArray(budgetEvents.budgetId, [...ids]), gte(budgetEvents.periodStart, since)))
    .orderBy(budgetEvents.seq);
}

/** Names of a tenant's users by their digests. */
export async function userNames(db: Database, digests: readonly string[]): Promise<Map<string, string>> {
  if (digests.length === 0) return new Map();
  const rows = await db
    .select({ digest: users.digest, name: users.name })
    .from(users)
    .where(inArray(users.digest, [...digests]));
  return new Map(rows.map((row) => [row.digest, row.name]));
}

/**
 * Carries the rest of the last period into this one, for budgets that carry over and have not yet. Returns those that
 * did, because what decides calls has changed. A second process finds nothing to do.
 */
export async function carryOver(
  db: Database,
  input: { id: string; periodStart: Date; lastStart: Date },
): Promise<boolean> {
  const start = sql`${input.periodStart.toISOString()}::timestamptz`;
  const spent = sql`coalesce((select sum(spent_micro_usd) from ${budgetSpend} where budget_id = ${budgets.id}
    and period_start = ${input.lastStart.toISOString()}::timestamptz), 0)`;
  const existed = sql`${budgets.createdAt} < ${start}`;
  const carried = await db
    .update(budgets)
    .set({
      carriedInto: sql`${start}`,
      carriedMicroUsd: sql`case when ${existed} then greatest(-${budgets.amountMicroUsd}, least(${budgets.amountMicroUsd}, ${budgets.amountMicroUsd} - ${spent})) else 0 end`,
    })
    .where(
      and(
        eq(budgets.id, input.id),
        eq(budgets.carryOver, true),
        or(isNull(budgets.carriedInto), sql`${budgets.carriedInto} < ${start}`),
      ),
    )
    .returning({ id: budgets.id });
  return carried.length > 0;
}

/** The largest spenders of some calls recently: one line per key, user and model, and one for all. */
export async function moversOf(db: Database, input: Parameters<typeof spentOn>[0]) {
  const where = spentOn(input);
  const { keyFamilyId, userDigest, servedModel } = ledger;
  const kind = sql<"key" | "user" | "model" | "all">`case when grouping(${keyFamilyId}) = 0 then 'key'
    when grouping(${userDigest}) = 0 then 'user' when grouping(${servedModel}) = 0 then 'model' else 'all' end`;
  const spent = sql`sum(${ledger.costMicroUsd})`.mapWith(Number);
  return db
    .select({
      kind,
      subject: sql<string>`coalesce(${keyFamilyId}, ${userDigest}, ${servedModel}, '')`,
      spentMicroUsd: spent,
    })
    .from(ledger)
    .where(where)
    .groupBy(sql`grouping sets ((${keyFamilyId}), (${userDigest}), (${servedModel}), ())`)
    .orderBy(desc(spent))
    .limit(MOVERS_MAX);
}

const MOVERS_MAX = 50;

/** The cost in micro-dollars of the calls of one budget subject since a moment. */
export async function burnSince(db: Database, input: Parameters<typeof spentOn>[0]): Promise<number> {
  const spent = sql`coalesce(sum(${ledger.costMicroUsd}), 0)`.mapWith(Number);
  const [row] = await db.select({ spent }).from(ledger).where(spentOn(input));
  return row?.spent ?? 0;
}

/** Calls that a budget refused since a moment; without a tenant those of all. Another limit may have its name. */
export async function refusedByBudget(
  db: Database,
  { tenantId, level, slug, since }: { tenantId: string | null; level: string; slug: string; since: Date },
): Promise<number> {
  const [row] = await db
    .select({ refused: sql`coalesce(sum(${refusalCounts.count}), 0)`.mapWith(Number) })
    .from(refusalCounts)
    .where(
      and(
        gte(refusalCounts.minute, since),
        tenantId === null ? undefined : eq(refusalCounts.tenantId, tenantId),
        eq(refusalCounts.layer, level),
        eq(refusalCounts.dimension, "cost_micro_usd"),
        eq(refusalCounts.limitName, slug),
      ),
    );
  return row?.refused ?? 0;
}

/** The calls of a budget since a moment. */
function spentOn(input: { tenantId: string | null; level: string; targetBooked: string | null; since: Date }) {
  const column = {
    user: ledger.userDigest,
    key: ledger.keyFamilyId,
    feature: ledger.feature,
    session: ledger.session,
    agent: ledger.agent,
    model: ledger.servedModel,
  };
  const narrowed = Object.entries(column).find(([level]) => level === input.level)?.[1];
  return and(
    gte(ledger.endedAt, input.since),
    input.tenantId === null ? undefined : eq(ledger.tenantId, input.tenantId),
    input.level === "tag" && input.targetBooked !== null
      ? sql`${input.targetBooked} = any(string_to_array(${ledger.tags}, ','))`
      : undefined,
    narrowed === undefined || input.targetBooked === null ? undefined : eq(narrowed, input.targetBooked),
  );
}
