import { and, asc, desc, eq, gte, isNull, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { ledger, refusalCounts, usage } from "../../schema/books";
import { models, prices, providers } from "../../schema/catalog";
import { brakes, limits, policyVersions, tiers } from "../../schema/limits";
import { staff } from "../../schema/staff";

export type LimitInsert = typeof limits.$inferInsert;
export type BrakeInsert = typeof brakes.$inferInsert;
export type BrakeRow = typeof brakes.$inferSelect;

/** Runs `work` in one transaction, so that a change, its audit row and its policy version stand or fall together. */
export function inTransaction<T>(db: Database, work: (tx: Database) => Promise<T>): Promise<T> {
  return db.transaction((tx) => work(tx));
}

export async function listTiers(db: Database) {
  return {
    tiers: await db.select().from(tiers).orderBy(asc(tiers.position)),
    limits: await db.select().from(limits).where(isNull(limits.keyFamilyId)).orderBy(asc(limits.position)),
  };
}

/** Locks a tier for an edit: two editors take turns. */
export async function lockTier(tx: Database, slug: string) {
  const [row] = await tx.select().from(tiers).where(eq(tiers.slug, slug)).for("update");
  return row ?? null;
}

export async function replaceTierLimits(
  tx: Database,
  tier: { id: string; version: number; ladder: unknown },
  rows: readonly LimitInsert[],
): Promise<void> {
  await tx.delete(limits).where(eq(limits.tierId, tier.id));
  if (rows.length > 0) await tx.insert(limits).values([...rows]);
  await tx
    .update(tiers)
    .set({ version: tier.version, ladder: tier.ladder, updatedAt: sql`now()` })
    .where(eq(tiers.id, tier.id));
}

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
  /** when the last calls pass again; null = now, all of them */
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

/** Figures over all tenants since a moment: the overview's cards. Served by the index on ended_at. */
export async function sumLedger(db: Database, since: Date) {
  const [row] = await db
    .select({
      calls: sql`count(*)`.mapWith(Number),
      inputTokens: sql`coalesce(sum(${ledger.inputTokens}), 0)`.mapWith(Number),
      outputTokens: sql`coalesce(sum(${ledger.outputTokens}), 0)`.mapWith(Number),
      costMicroUsd: sql`coalesce(sum(${ledger.costMicroUsd}), 0)`.mapWith(Number),
    })
    .from(ledger)
    .where(gte(ledger.endedAt, since));
  return row ?? { calls: 0, inputTokens: 0, outputTokens: 0, costMicroUsd: 0 };
}

/** Calls and money since an hour's beginning, over all tenants, from the sums. */
export async function sumUsage(db: Database, since: Date) {
  const [row] = await db
    .select({
      calls: sql`coalesce(sum(${usage.calls}), 0)`.mapWith(Number),
      costMicroUsd: sql`coalesce(sum(${usage.costMicroUsd}), 0)`.mapWith(Number),
    })
    .from(usage)
    .where(and(eq(usage.grain, "hour"), gte(usage.bucket, since)));
  return row ?? { calls: 0, costMicroUsd: 0 };
}

/** Calls, tokens and money per minute since a moment, over all tenants, from the sums. */
export async function usageByMinute(db: Database, since: Date) {
  return db
    .select({
      minute: usage.bucket,
      calls: sql`sum(${usage.calls})`.mapWith(Number),
      inputTokens: sql`sum(${usage.inputTokens})`.mapWith(Number),
      outputTokens: sql`sum(${usage.outputTokens})`.mapWith(Number),
      costMicroUsd: sql`sum(${usage.costMicroUsd})`.mapWith(Number),
    })
    .from(usage)
    .where(and(eq(usage.grain, "minute"), gte(usage.bucket, since)))
    .groupBy(usage.bucket)
    .orderBy(usage.bucket);
}

/** Refusals per minute, code and layer since a moment, over all tenants. */
export async function refusalsSince(db: Database, since: Date) {
  const { minute, code, layer, dimension } = refusalCounts;
  return db
    .select({ minute, code, layer, dimension, count: sql<number>`sum(${refusalCounts.count})::int` })
    .from(refusalCounts)
    .where(gte(minute, since))
    .groupBy(minute, code, layer, dimension)
    .orderBy(minute);
}

/** Changes since a moment, for marks on charts. */
export async function changesSince(db: Database, since: Date) {
  return db.select().from(policyVersions).where(gte(policyVersions.at, since)).orderBy(policyVersions.version);
}

export async function countStaff(db: Database): Promise<number> {
  const [row] = await db.select({ count: sql<number>`count(*)::int` }).from(staff);
  return row?.count ?? 0;
}

export async function listCatalog(db: Database) {
  return {
    providers: (await db.select().from(providers).orderBy(providers.slug)).map(withoutSecret),
    models: await db.select().from(models).orderBy(models.slug),
    prices: await db
      .selectDistinctOn([prices.modelId])
      .from(prices)
      .where(sql`${prices.validFrom} <= now()`)
      .orderBy(prices.modelId, desc(prices.validFrom), desc(prices.id)),
  };
}

function withoutSecret<Row extends { credentialSealed: string | null }>(row: Row): Omit<Row, "credentialSealed"> {
  const { credentialSealed: _sealed, ...rest } = row;
  return rest;
}

export async function putProvider(tx: Database, row: typeof providers.$inferInsert): Promise<void> {
  const { id: _id, ...rest } = row;
  await tx.insert(providers).values(row).onConflictDoUpdate({ target: providers.slug, set: rest });
}

/** The model's row, and a new price from now on. */
export async function putModel(
  tx: Database,
  row: typeof models.$inferInsert,
  price: Omit<typeof prices.$inferInsert, "modelId">,
): Promise<void> {
  const { id: _id, ...rest } = row;
  const [stored] = await tx
    .insert(models)
    .values(row)
    .onConflictDoUpdate({ target: models.slug, set: rest })
    .returning({ id: models.id });
  if (stored === undefined) throw new Error("insert returned no row");
  await tx.insert(prices).values({ ...price, modelId: stored.id });
}

export async function findProvider(db: Database, slug: string) {
  const [row] = await db.select().from(providers).where(eq(providers.slug, slug));
  return row ?? null;
}
