import type { Database } from "@/db/client";
import { findRemoved, keepRemoved, putBack, type RemovedKind } from "@/db/queries/operators/removed";
import { HOUR_MS } from "@/lib/clock";
import { PublicError } from "@/lib/errors";

/** How long a removal can be undone. */
const KEPT_MS = HOUR_MS;

type Which = { readonly kind: RemovedKind; readonly id: string; readonly nowMs: number };

/** Keeps an object for a while, in the transaction that removes it. */
export async function keepForUndo(tx: Database, { nowMs, ...which }: Which): Promise<void> {
  await keepRemoved(tx, { ...which, now: new Date(nowMs), until: new Date(nowMs - KEPT_MS) });
}

/** Undoes a removal: the object has its id, state and history again. Says why when that is no longer possible. */
export async function restoreRemoved(
  tx: Database,
  { nowMs, ...which }: Which,
): Promise<{ readonly removedAtMs: number }> {
  const removed = await findRemoved(tx, { ...which, since: new Date(nowMs - KEPT_MS) });
  if (removed === null) {
    throw new PublicError("not_found", "Nothing to restore. A removal can be undone for an hour.");
  }
  if (!(await putBack(tx, which))) {
    throw new PublicError("conflict", "There is a new object of this name. Rename or remove that one first.");
  }
  return { removedAtMs: removed.removedAt.getTime() };
}
