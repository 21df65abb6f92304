import { randomUUID } from "node:crypto";
import { z } from "zod";
import { deleteNote, insertNote, type NoteRow, readNotes } from "@/db/queries/tenants/notes";
import { PublicError } from "@/lib/errors";
import { change } from "../kernel/change";
import type { AdminRequest } from "../kernel/door";
import { tenantBySlug } from "./tenants";

export const newNote = z.strictObject({ text: z.string().trim().min(1).max(2000) });

export type NoteView = ReturnType<typeof shown>;

/** GET /api/admin/tenants/{slug}/notes: operators' notes for each other, newest first. */
export async function listNotes({ context, params }: AdminRequest) {
  const tenant = tenantBySlug(context, params.slug ?? "");
  return { body: { notes: (await readNotes(context.db, tenant.id)).map(shown) } };
}

/** POST /api/admin/tenants/{slug}/notes */
export async function writeNote({ context, actor, params, input }: AdminRequest<typeof newNote>) {
  const { text } = input;
  const tenant = tenantBySlug(context, params.slug ?? "");
  const row: NoteRow = {
    id: `not_${randomUUID().slice(0, 18)}`,
    tenantId: tenant.id,
    text,
    writtenBy: actor.name,
    writtenAt: new Date(context.clock.now()),
  };
  await change(context, actor, async (tx) => {
    await insertNote(tx, row);
    const entry = { action: "notes.write", target: tenant.slug, before: null, after: { text }, reason: null };
    return { result: null, change: entry };
  });
  return { status: 201, body: shown(row) };
}

/** DELETE /api/admin/tenants/{slug}/notes/{id} */
export async function removeNote({ context, actor, params }: AdminRequest) {
  const tenant = tenantBySlug(context, params.slug ?? "");
  const row = await change(context, actor, async (tx) => {
    const gone = await deleteNote(tx, { id: params.id ?? "", tenantId: tenant.id });
    if (gone === null) throw new PublicError("not_found", "There is no such note.");
    const before = { text: gone.text };
    const entry = { action: "notes.remove", target: tenant.slug, before, after: null, reason: null };
    return { result: gone, change: entry };
  });
  return { body: shown(row) };
}

function shown({ id, text, writtenBy, writtenAt }: NoteRow) {
  return { id, text, by: writtenBy, at: writtenAt.toISOString() };
}
