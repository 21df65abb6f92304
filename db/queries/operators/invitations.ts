import { randomUUID } from "node:crypto";
import { and, eq, gt, like, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { staffVerifications } from "../../schema/staff";

/** Distinguishes our rows from the sign-in library's in the same table. */
const KIND = "invitation:";

/** Stores the digest of a link. The operator's earlier links become invalid. */
export async function putInvitation(
  tx: Database,
  invitation: { readonly staffId: string; readonly digest: string; readonly expiresAt: Date },
): Promise<void> {
  const { staffId, digest, expiresAt } = invitation;
  await dropInvitations(tx, staffId);
  await tx
    .insert(staffVerifications)
    .values({ id: randomUUID(), identifier: `${KIND}${digest}`, value: staffId, expiresAt });
}

/** Uses an unexpired link, once: returns the operator's id; null when there is none. */
export async function takeInvitation(tx: Database, digest: string): Promise<string | null> {
  const [row] = await tx
    .delete(staffVerifications)
    .where(and(eq(staffVerifications.identifier, `${KIND}${digest}`), gt(staffVerifications.expiresAt, sql`now()`)))
    .returning({ staffId: staffVerifications.value });
  return row?.staffId ?? null;
}

/** An operator's links become invalid from now on. */
export async function dropInvitations(tx: Database, staffId: string): Promise<void> {
  await tx
    .delete(staffVerifications)
    .where(and(like(staffVerifications.identifier, `${KIND}%`), eq(staffVerifications.value, staffId)));
}
