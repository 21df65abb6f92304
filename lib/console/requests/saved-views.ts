import { randomUUID } from "node:crypto";
import { z } from "zod";
import { countViews, deleteView, putView, readViews, type SavedViewRow } from "@/db/queries/operators/saved-views";
import { PublicError } from "@/lib/errors";
import { change } from "../kernel/change";
import type { Actor } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";

/** A longer list is of no use. */
const VIEWS_MAX = 50;

export const newView = z.strictObject({
  name: z.string().trim().min(1).max(60),
  /** query of the request log's address, such as tenant=acme&kind=refused&range=1h */
  query: z
    .string()
    .max(2000)
    .regex(/^[^?#\s]*$/, "must be the query string of the page's address"),
});

export type SavedView = ReturnType<typeof shown>;

/** GET /api/admin/requests/views: the operator's own views of the request log. */
export async function listViews({ context, actor }: AdminRequest) {
  return { body: { views: (await readViews(context.db, ownerOf(actor))).map(shown) } };
}

/** POST /api/admin/requests/views: replaces one of the same name. */
export async function saveView({ context, actor, input }: AdminRequest<typeof newView>) {
  const owner = ownerOf(actor);
  const row = { ...input, id: `viw_${randomUUID().slice(0, 18)}`, owner, createdAt: new Date(context.clock.now()) };
  const stored = await change(context, actor, async (tx) => {
    const kept = await putView(tx, row);
    if ((await countViews(tx, owner)) > VIEWS_MAX) {
      throw new PublicError("conflict", `You have ${VIEWS_MAX} saved views. Remove one first.`);
    }
    const entry = { action: "views.save", target: row.name, before: null, after: { query: row.query }, reason: null };
    return { result: kept, change: entry };
  });
  return { status: 201, body: shown(stored) };
}

/** DELETE /api/admin/requests/views/{id}: only the operator's own. */
export async function removeView({ context, actor, params }: AdminRequest) {
  const row = await change(context, actor, async (tx) => {
    const gone = await deleteView(tx, { id: params.id ?? "", owner: ownerOf(actor) });
    if (gone === null) throw new PublicError("not_found", "You have no such view.");
    const before = { query: gone.query };
    return { result: gone, change: { action: "views.remove", target: gone.name, before, after: null, reason: null } };
  });
  return { body: shown(row) };
}

function ownerOf({ session, name }: Actor): string {
  return session?.userId ?? name;
}

function shown({ id, name, query }: SavedViewRow) {
  return { id, name, query };
}
