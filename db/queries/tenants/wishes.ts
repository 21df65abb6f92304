import { and, asc, desc, eq, gte, isNull, lt, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { wishes } from "../../schema/alerts";
import { keys, tenants } from "../../schema/tenancy";
import { inTransaction } from "../../transaction";

export type WishInsert = Pick<
  typeof wishes.$inferInsert,
  "id" | "tenantId" | "keyFamilyId" | "user" | "wish" | "createdAt"
>;

/** Maximum of wishes since a moment, by key and by tenant. */
export type WishBounds = { readonly since: Date; readonly perKey: number; readonly perTenant: number };

/** Writes a wish. False if its key or its tenant has reached its maximum. One at a time per tenant. */
export async function addWish(db: Database, row: WishInsert, bounds: WishBounds): Promise<boolean> {
  return inTransaction(db, async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtext('wishes'), hashtext(${row.tenantId}))`);
    const [counted] = await tx
      .select({
        ofTenant: sql<number>`count(*)::int`,
        ofKey: sql<number>`(count(*) filter (where ${wishes.keyFamilyId} = ${row.keyFamilyId}))::int`,
      })
      .from(wishes)
      .where(and(eq(wishes.tenantId, row.tenantId), gte(wishes.createdAt, bounds.since)));
    const { ofTenant = 0, ofKey = 0 } = counted ?? {};
    if (ofKey >= bounds.perKey || ofTenant >= bounds.perTenant) return false;
    await tx.insert(wishes).values(row);
    return true;
  });
}

export type WishRow = Awaited<ReturnType<typeof readWishes>>[number];

/** Wishes of all tenants, newest first; only for operators. */
export async function readWishes(db: Database, input: { readonly isOpen: boolean; readonly most: number }) {
  const keyName = db
    .selectDistinctOn([keys.familyId], { familyId: keys.familyId, name: keys.name })
    .from(keys)
    .orderBy(asc(keys.familyId), desc(keys.createdAt))
    .as("key_name");
  return db
    .select({
      id: wishes.id,
      tenant: tenants.slug,
      tenantName: tenants.name,
      keyFamilyId: wishes.keyFamilyId,
      keyName: sql<string>`coalesce(${keyName.name}, ${wishes.keyFamilyId})`,
      user: wishes.user,
      wish: wishes.wish,
      createdAt: wishes.createdAt,
      doneAt: wishes.doneAt,
      doneBy: wishes.doneBy,
    })
    .from(wishes)
    .innerJoin(tenants, eq(tenants.id, wishes.tenantId))
    .leftJoin(keyName, eq(keyName.familyId, wishes.keyFamilyId))
    .where(input.isOpen ? isNull(wishes.doneAt) : undefined)
    .orderBy(desc(wishes.createdAt))
    .limit(input.most);
}

/** Marks an open wish as done; null when there is none. */
export async function closeWish(tx: Database, id: string, done: { readonly by: string; readonly at: Date }) {
  const [row] = await tx
    .update(wishes)
    .set({ doneAt: done.at, doneBy: done.by })
    .where(and(eq(wishes.id, id), isNull(wishes.doneAt)))
    .returning();
  return row ?? null;
}

/** Wishes this old are dropped: no operator answers them any more. */
export async function forgetWishes(tx: Database, before: Date): Promise<void> {
  await tx.delete(wishes).where(lt(wishes.createdAt, before));
}
