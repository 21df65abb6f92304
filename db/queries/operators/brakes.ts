import { and, desc, eq, gt, gte, inArray, isNull, or, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { ledger, observedCounts, refusalCounts } from "../../schema/books";
import { brakes } from "../../schema/limits";

/** Brakes in force, of any age. */
export async function brakesOn(db: Database, now: Date): Promise<BrakeRow[]> {
  return db
    .select()
    .from(brakes)
    .where(and(isNull(brakes.liftedAt), or(isNull(brakes.expiresAt), gt(brakes.expiresAt, now))))
    .orderBy(desc(brakes.createdAt));
}

/** Which of these exist, in any state. */
export async function knownBrakes(db: Database, ids: readonly string[]): Promise<ReadonlySet<string>> {
  const rows = await db
    .select({ id: brakes.id })
    .from(brakes)
    .where(inArray(brakes.id, [...ids]));
  return new Set(rows.map(({ id }) => id));
}

/** Who lifted, or is lifting, each of these; null = not lifted. Unknown ones are left out. */
export async function liftersOf(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, string | null>> {
  const rows = await db
    .select({ id: brakes.id, liftedBy: brakes.liftedBy })
    .from(brakes)
    .where(inArray(brakes.id, [...ids]));
  return new Map(rows.map(({ id, liftedBy }) => [id, liftedBy]));
}

/** The number of refusals of each brake, by its id. */
export async function refusedByBrakes(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: refusalCounts.limitName, count: sql`sum(${refusalCounts.count})`.mapWith(Number) })
    .from(refusalCounts)
    .where(and(eq(refusalCounts.code, "kill_switch_active"), inArray(refusalCounts.limitName, [...ids])))
    .groupBy(refusalCounts.limitName);
  return new Map(rows.map(({ id, count }) => [id, count]));
}

/** Would-be refusals of each observing brake. */
export async function observedByBrakes(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: observedCounts.limitName, count: sql`sum(${observedCounts.count})`.mapWith(Number) })
    .from(observedCounts)
    .where(inArray(observedCounts.limitName, [...ids]))
    .groupBy(observedCounts.limitName);
  return new Map(rows.map(({ id, count }) => [id, count]));
}

/** Matching calls that ended since a moment, and the number of their tenants. Ids as in the ledger. */
export async function callsOf(
  db: Database,
  input: {
    since: Date;
    tenantId: string | undefined;
    tierId: string | undefined;
    models: readonly string[] | undefined;
    priorities: readonly string[];
    providerId: string | undefined;
    keyId: string | undefined;
    endpoint: string | undefined;
    userDigest: string | undefined;
    session: string | undefined;
    agent: string | undefined;
    tag: string | undefined;
  },
): Promise<{ calls: number; tenants: number }> {
  const { since, tenantId, tierId, models, priorities, providerId, keyId, endpoint, userDigest, session, agent, tag } =
    input;
  const [row] = await db
    .select({ calls: sql<number>`count(*)::int`, tenants: sql<number>`count(distinct ${ledger.tenantId})::int` })
    .from(ledger)
    .where(
      and(
        gte(ledger.endedAt, since),
        tenantId === undefined ? undefined : eq(ledger.tenantId, tenantId),
        tierId === undefined ? undefined : eq(ledger.tierId, tierId),
        models === undefined ? undefined : inArray(ledger.servedModel, [...models]),
        inArray(ledger.priority, [...priorities]),
        providerId === undefined ? undefined : eq(ledger.providerId, providerId),
        keyId === undefined ? undefined : eq(ledger.keyId, keyId),
        endpoint === undefined ? undefined : eq(ledger.endpoint, endpoint),
        userDigest === undefined ? undefined : eq(ledger.userDigest, userDigest),
        session === undefined ? undefined : eq(ledger.session, session),
        agent === undefined ? undefined : eq(ledger.agent, agent),
        tag === undefined ? undefined : sql`${tag} = any(string_to_array(${ledger.tags}, ','))`,
      ),
    );
  return row ?? { calls: 0, tenants: 0 };
}

export type BrakeInsert = typeof brakes.$inferInsert;

export type BrakeRow = typeof brakes.$inferSelect;

export async function insertBrake(tx: Database, row: BrakeInsert): Promise<BrakeRow> {
  const [stored] = await tx.insert(brakes).values(row).returning();
  if (stored === undefined) throw new Error("insert returned no row");
  return stored;
}

/** Lifts a brake that has not been lifted; null when there is none. */
export async function liftBrake(
  tx: Database,
  id: string,
  lifted: { by: string; at: Date; reason: string | null },
  /** when the last calls pass again; null = all pass now */
  until: Date | null,
): Promise<BrakeRow | null> {
  const told = { liftedBy: lifted.by, liftReason: lifted.reason };
  const change = until === null ? { ...told, liftedAt: lifted.at } : { ...told, rampFrom: lifted.at, expiresAt: until };
  const [row] = await tx
    .update(brakes)
    .set(change)
    .where(and(eq(brakes.id, id), isNull(brakes.liftedAt)))
    .returning();
  return row ?? null;
}

export async function listBrakes(db: Database, most: number): Promise<BrakeRow[]> {
  return db.select().from(brakes).orderBy(desc(brakes.createdAt)).limit(most);
}
