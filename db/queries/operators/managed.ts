import { and, asc, eq, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { managedObjects } from "../../schema/managed";

export type ManagedRow = typeof managedObjects.$inferSelect;

/** Every object that a configuration file manages. */
export async function readManaged(db: Database): Promise<ManagedRow[]> {
  return db.select().from(managedObjects).orderBy(asc(managedObjects.kind), asc(managedObjects.name));
}

/** Marks objects as managed, with their state in the file. Replaces the mark of another file. */
export async function putManaged(tx: Database, rows: readonly ManagedRow[]): Promise<void> {
  if (rows.length === 0) return;
  await tx
    .insert(managedObjects)
    .values([...rows])
    .onConflictDoUpdate({
      target: [managedObjects.kind, managedObjects.name],
      set: {
        source: sql`excluded.source`,
        content: sql`excluded.content`,
        appliedBy: sql`excluded.applied_by`,
        appliedAt: sql`excluded.applied_at`,
      },
    });
}

/** Removes the mark from one object. */
export async function dropManaged(tx: Database, one: Pick<ManagedRow, "kind" | "name">): Promise<void> {
  await tx.delete(managedObjects).where(and(eq(managedObjects.kind, one.kind), eq(managedObjects.name, one.name)));
}
