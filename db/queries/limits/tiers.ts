import { asc, eq, isNull, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { limits, tiers } from "../../schema/limits";

export type LimitInsert = typeof limits.$inferInsert;

export async function listTiers(db: Database) {
  return {
    tiers: await db.select().from(tiers).orderBy(asc(tiers.position)),
    limits: await db.select().from(limits).where(isNull(limits.keyFamilyId)).orderBy(asc(limits.position)),
  };
}

/** Locks a tier for an edit, so that two editors take turns. */
export async function lockTier(tx: Database, slug: string) {
  const [row] = await tx.select().from(tiers).where(eq(tiers.slug, slug)).for("update");
  return row ?? null;
}

export async function replaceTierLimits(
  tx: Database,
  tier: { id: string; version: number; ladder: unknown; keyDaysMax: number | null },
  rows: readonly LimitInsert[],
): Promise<void> {
  await tx.delete(limits).where(eq(limits.tierId, tier.id));
  if (rows.length > 0) await tx.insert(limits).values([...rows]);
  await tx
    .update(tiers)
    .set({ version: tier.version, ladder: tier.ladder, keyDaysMax: tier.keyDaysMax, updatedAt: sql`now()` })
    .where(eq(tiers.id, tier.id));
}
