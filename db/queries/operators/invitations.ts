import { randomUUID } from "node:crypto";
import { and, eq, gt, like, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { staffVerifications } from "../../schema/staff";

/** Beside what the sign-in library keeps in the same table. */
const KIND = "invitation:";

/** Keeps the digest of a link; links that the operator had before lead nowhere. */
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

/** Takes a link that has not expired: the operator's id, once; null when there is none. */
export async function takeInvitation(tx: Database, digest: string): Promise<string | null> {
  const [row] = await tx
    .delete(staffVerifications)
    .where(and(eq(staffVerifications.identifier, `${KIND}${digest}`), gt(staffVerifications.expiresAt, sql`now()`)))
    .returning({ staffId: staffVerifications.value });
  return row?.staffId ?? null;
}

/** Links of an operator lead nowhere from now on. */
export async function dropInvitations(tx: Database, staffId: string): Promise<void> {
  await tx
    .delete(staffVerifications)
    .where(and(like(staffVerifications.identifier, `${KIND}%`), eq(staffVerifications.value, staffId)));
}
