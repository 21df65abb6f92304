import { desc, eq } from "drizzle-orm";
import type { Database } from "../../client";
import { overrides } from "../../schema/limits";

export type OverrideRecord = typeof overrides.$inferSelect;

/** Newest first. */
export async function readOverrides(db: Database): Promise<OverrideRecord[]> {
  return db.select().from(overrides).orderBy(desc(overrides.createdAt), desc(overrides.id));
}

export async function insertOverride(tx: Database, row: OverrideRecord): Promise<void> {
  await tx.insert(overrides).values(row);
}

/** The removed override; null when there was none. */
export async function deleteOverride(tx: Database, id: string): Promise<OverrideRecord | null> {
  const [row] = await tx.delete(overrides).where(eq(overrides.id, id)).returning();
  return row ?? null;
}
