import { z } from "zod";
import { closeWish, readWishes } from "@/db/queries/tenants/wishes";
import { PublicError } from "@/lib/errors";
import { change } from "../kernel/change";
import type { AdminRequest } from "../kernel/door";

const SHOWN_MAX = 200;

export const wishesQuery = z.strictObject({ state: z.enum(["open", "all"]).default("open") });

export type WishView = Awaited<ReturnType<typeof listWishes>>["body"]["wishes"][number];

/** GET /api/admin/wishes: what holders of keys ask for, newest first. */
export async function listWishes({ context, input }: AdminRequest<typeof wishesQuery>) {
  const rows = await readWishes(context.db, { isOpen: input.state === "open", most: SHOWN_MAX });
  const wishes = rows.map(({ keyFamilyId, createdAt, doneAt, ...row }) => ({
    ...row,
    keyId: keyFamilyId,
    at: createdAt.toISOString(),
    doneAt: doneAt?.toISOString() ?? null,
  }));
  return { body: { wishes } };
}

/** POST /api/admin/wishes/{id}/done: marks a request as done, with any result. */
export async function finishWish({ context, actor, params }: AdminRequest) {
  const id = params.id ?? "";
  await change(context, actor, async (tx) => {
    const row = await closeWish(tx, id, { by: actor.name, at: new Date(context.clock.now()) });
    if (row === null) throw new PublicError("not_found", "There is no such open request.");
    const tenant = context.policy.snapshot.tenants.get(row.tenantId)?.slug ?? row.tenantId;
    const entry = { action: "wishes.done", target: tenant, before: { wish: row.wish }, after: null, reason: null };
    return { result: null, change: entry };
  });
  return { body: { id } };
}
