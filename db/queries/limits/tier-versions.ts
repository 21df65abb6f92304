import { and, asc, desc, eq, gte, inArray, lt, lte, or, sql } from "drizzle-orm";
import { HOUR_MS } from "@/lib/clock";
import type { Database } from "../../client";
import { refusalCounts, usage } from "../../schema/books";
import { tierSchedules, tiers } from "../../schema/limits";

export type ScheduleRow = typeof tierSchedules.$inferSelect;

const LISTED_MAX = 20;
/** Codes of refusals by a tier's own limits. Budgets and brakes do not belong to its versions. */
const LIMIT_CODES = ["rate_limit_exceeded", "request_exceeds_limit"];

export async function insertSchedule(tx: Database, row: typeof tierSchedules.$inferInsert): Promise<void> {
  await tx.insert(tierSchedules).values(row);
}

/** A tier's scheduled drafts, newest first. */
export async function readSchedules(db: Database, slug: string): Promise<ScheduleRow[]> {
  const rows = await db
    .select({ row: tierSchedules })
    .from(tierSchedules)
    .innerJoin(tiers, eq(tiers.id, tierSchedules.tierId))
    .where(eq(tiers.slug, slug))
    .orderBy(desc(tierSchedules.publishAt), desc(tierSchedules.id))
    .limit(LISTED_MAX);
  return rows.map(({ row }) => row);
}

/** Due drafts, earliest first. */
export async function dueSchedules(db: Database, now: Date): Promise<{ row: ScheduleRow; slug: string }[]> {
  return db
    .select({ row: tierSchedules, slug: tiers.slug })
    .from(tierSchedules)
    .innerJoin(tiers, eq(tiers.id, tierSchedules.tierId))
    .where(and(eq(tierSchedules.status, "waiting"), lte(tierSchedules.publishAt, now)))
    .orderBy(asc(tierSchedules.publishAt));
}

/** Ends a waiting draft, once: null when it was already ended. */
export async function endSchedule(
  tx: Database,
  id: string,
  end: { status: "published" | "failed" | "withdrawn"; outcome: string | null },
): Promise<ScheduleRow | null> {
  const waits = and(eq(tierSchedules.id, id), eq(tierSchedules.status, "waiting"));
  const [row] = await tx.update(tierSchedules).set(end).where(waits).returning();
  return row ?? null;
}

/** Calls of some tenants that were served between two moments, and those that a limit refused. */
export async function servedAndRefused(
  db: Database,
  input: { tenantIds: readonly string[]; from: Date; to: Date },
): Promise<{ calls: number; refused: number }> {
  const ids = [...input.tenantIds];
  if (ids.length === 0) return { calls: 0, refused: 0 };
  const [served] = await db
    .select({ calls: sql`coalesce(sum(${usage.calls}), 0)`.mapWith(Number) })
    .from(usage)
    .where(and(inArray(usage.tenantId, ids), bucketsOf(input)));
  // The conditions are in the sums: with long lists in the where clause the planner reads the whole table.
  const isMeant = and(inArray(refusalCounts.tenantId, ids), inArray(refusalCounts.code, LIMIT_CODES));
  const [refused] = await db
    .select({ count: sql`coalesce(sum(${refusalCounts.count}) filter (where ${isMeant}), 0)`.mapWith(Number) })
    .from(refusalCounts)
    .where(and(gte(refusalCounts.minute, input.from), lt(refusalCounts.minute, input.to)));
  return { calls: served?.calls ?? 0, refused: refused?.count ?? 0 };
}

/** The buckets of a range by the minute: whole hours where possible, minutes at both ends. */
function bucketsOf({ from, to }: { from: Date; to: Date }) {
  const within = (grain: "minute" | "hour", since: Date, until: Date) =>
    and(eq(usage.grain, grain), gte(usage.bucket, since), lt(usage.bucket, until));
  const first = new Date(Math.ceil(from.getTime() / HOUR_MS) * HOUR_MS);
  const end = new Date(Math.floor(to.getTime() / HOUR_MS) * HOUR_MS);
  if (first >= end) return within("minute", from, to);
  return or(within("minute", from, first), within("hour", first, end), within("minute", end, to));
}
