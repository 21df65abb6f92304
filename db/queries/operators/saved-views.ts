import { and, asc, count, eq } from "drizzle-orm";
import type { Database } from "../../client";
import { savedViews } from "../../schema/staff";

export type SavedViewRow = typeof savedViews.$inferSelect;

/** One operator's views, by name. */
export async function readViews(db: Database, owner: string): Promise<SavedViewRow[]> {
  return db.select().from(savedViews).where(eq(savedViews.owner, owner)).orderBy(asc(savedViews.name));
}

export async function countViews(db: Database, owner: string): Promise<number> {
  const [row] = await db.select({ views: count() }).from(savedViews).where(eq(savedViews.owner, owner));
  return row?.views ?? 0;
}

/** Stores a view; replaces one of the same name. */
export async function putView(tx: Database, row: SavedViewRow): Promise<SavedViewRow> {
  const [stored] = await tx
    .insert(savedViews)
    .values(row)
    .onConflictDoUpdate({ target: [savedViews.owner, savedViews.name], set: { query: row.query } })
    .returning();
  if (stored === undefined) throw new Error("a view that was written is not there");
  return stored;
}

/** Null = this operator has no such view. */
export async function deleteView(tx: Database, one: { id: string; owner: string }): Promise<SavedViewRow | null> {
  const [row] = await tx
    .delete(savedViews)
    .where(and(eq(savedViews.id, one.id), eq(savedViews.owner, one.owner)))
    .returning();
  return row ?? null;
}
