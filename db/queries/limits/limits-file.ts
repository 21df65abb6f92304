import { and, eq, isNotNull } from "drizzle-orm";
import type { Database } from "../../client";
import { limits, overrides, tiers } from "../../schema/limits";
import type { OverrideRecord } from "./overrides";

export async function insertTier(tx: Database, row: typeof tiers.$inferInsert): Promise<void> {
  await tx.insert(tiers).values(row);
}

/** Replaces all overrides. */
export async function replaceOverrides(tx: Database, rows: readonly OverrideRecord[]): Promise<void> {
  await tx.delete(overrides);
  if (rows.length > 0) await tx.insert(overrides).values([...rows]);
}

export async function readKeyLimits(db: Database, familyId: string) {
  return db.select().from(limits).where(eq(limits.keyFamilyId, familyId)).orderBy(limits.position);
}

/** Replaces a key family's own limits. */
export async function replaceKeyLimits(
  tx: Database,
  familyId: string,
  rows: readonly (typeof limits.$inferInsert)[],
): Promise<void> {
  await tx.delete(limits).where(and(isNotNull(limits.keyFamilyId), eq(limits.keyFamilyId, familyId)));
  if (rows.length > 0) await tx.insert(limits).values([...rows]);
}
