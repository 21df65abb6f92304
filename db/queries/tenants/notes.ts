import { and, desc, eq } from "drizzle-orm";
import type { Database } from "../../client";
import { tenantNotes } from "../../schema/tenancy";

export type NoteRow = typeof tenantNotes.$inferSelect;

const SHOWN_MAX = 100;

/** Operators' notes about a tenant, newest first. */
export async function readNotes(db: Database, tenantId: string): Promise<NoteRow[]> {
  return db
    .select()
    .from(tenantNotes)
    .where(eq(tenantNotes.tenantId, tenantId))
    .orderBy(desc(tenantNotes.writtenAt), desc(tenantNotes.id))
    .limit(SHOWN_MAX);
}

export async function insertNote(tx: Database, row: NoteRow): Promise<void> {
  await tx.insert(tenantNotes).values(row);
}

export async function deleteNote(tx: Database, one: { id: string; tenantId: string }): Promise<NoteRow | null> {
  const [row] = await tx
    .delete(tenantNotes)
    .where(and(eq(tenantNotes.id, one.id), eq(tenantNotes.tenantId, one.tenantId)))
    .returning();
  return row ?? null;
}
