import { and, asc, desc, eq, inArray, isNotNull, lt, lte, ne, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { ledger } from "../../schema/books";
import { keptObjects } from "../../schema/kept";

export type KeptObject = typeof keptObjects.$inferSelect;
/** All but files and batches are known only from the call whose answer made them, or that used them first. */
export type KeptKind = "file" | "batch" | UsedKind;
type UsedKind = (typeof USED_KINDS)[number];
const USED_KINDS = ["conversation", "container", "item", "sound"] as const;
type Place = Pick<KeptObject, "id" | "providerId">;

/** Records new objects. For a known one, stores what its provider now reports, but never changes its owner. */
export async function addKept(db: Database, rows: readonly (typeof keptObjects.$inferInsert)[]): Promise<void> {
  if (rows.length === 0) return;
  await db
    .insert(keptObjects)
    .values([...rows])
    .onConflictDoUpdate({
      target: [keptObjects.id, keptObjects.providerId],
      set: { object: sql`excluded.object` },
    });
}

/** The owners of these ids, and what is known of them. No tenant argument: the query asks for the owner. */
export async function ownersOfKept(
  db: Database,
  ids: readonly string[],
): Promise<readonly Pick<KeptObject, "id" | "tenantId" | "object">[]> {
  const { id, tenantId, object } = keptObjects;
  return db
    .select({ id, tenantId, object })
    .from(keptObjects)
    .where(sql`${id} = any(${sql.param([...ids])}::text[])`);
}

/** The objects with these ids, of any tenant. No tenant argument: the query asks for the owner. */
export async function findKept(db: Database, ids: readonly string[]): Promise<KeptObject[]> {
  if (ids.length === 0) return [];
  return db
    .select()
    .from(keptObjects)
    .where(inArray(keptObjects.id, [...ids]))
    .limit(FOUND_MAX);
}

const FOUND_MAX = 1000;

type Listed = {
  readonly tenantId: string;
  readonly kind: KeptKind;
  readonly dialect: string;
  /** the last id of the previous page; null = from the newest */
  readonly after: string | null;
  readonly limit: number;
};

/** A tenant's objects of one kind, newest first. */
export async function listKept(db: Database, { tenantId, kind, dialect, after, limit }: Listed): Promise<KeptObject[]> {
  const { createdAt, id } = keptObjects;
  const older =
    after === null
      ? undefined
      : sql`(${createdAt}, ${id}) < (select created_at, id from ${keptObjects} where id = ${after} and tenant_id = ${tenantId} limit 1)`;
  return db
    .select()
    .from(keptObjects)
    .where(and(eq(keptObjects.tenantId, tenantId), eq(keptObjects.kind, kind), eq(keptObjects.dialect, dialect), older))
    .orderBy(desc(createdAt), desc(id))
    .limit(limit);
}

export async function forgetKept(db: Database, { id, providerId }: Place): Promise<void> {
  await db.delete(keptObjects).where(and(eq(keptObjects.id, id), eq(keptObjects.providerId, providerId)));
}

/** The owner is kept as long as the ledger row of the call that made or first used the object. */
export async function forgetUsed(db: Database, before: Date): Promise<void> {
  const used = inArray(keptObjects.kind, [...USED_KINDS]);
  await db.delete(keptObjects).where(and(used, lt(keptObjects.createdAt, before)));
}

/** A batch is billed: its end need not be checked any more. */
export async function billedKept(db: Database, { id, providerId }: Place): Promise<void> {
  await db
    .update(keptObjects)
    .set({ pollAt: null })
    .where(and(eq(keptObjects.id, id), eq(keptObjects.providerId, providerId)));
}

/**
 * Batches whose provider is due to be asked, at most `most`. Other processes do not get them until they are due again;
 * older ones are due less often. Over all tenants by design.
 */
export async function dueBatches(db: Database, now: Date, most: number): Promise<KeptObject[]> {
  const due = db
    .select({ id: keptObjects.id })
    .from(keptObjects)
    .where(and(isNotNull(keptObjects.pollAt), lte(keptObjects.pollAt, now)))
    .orderBy(asc(keptObjects.pollAt))
    .limit(most)
    .for("update", { skipLocked: true });
  const at = now.toISOString();
  const wait = sql`least(interval '10 minutes', greatest(interval '30 seconds', (${at}::timestamptz - ${keptObjects.createdAt}) / 10))`;
  return db
    .update(keptObjects)
    .set({ pollAt: sql`${at}::timestamptz + ${wait}` })
    .where(and(inArray(keptObjects.id, due), isNotNull(keptObjects.pollAt)))
    .returning();
}

/** The ledger row of an unbilled batch, as booked at its submission; null = there is none. */
export async function submittedRow(db: Database, requestId: string) {
  const [row] = await db
    .select()
    .from(ledger)
    .where(and(eq(ledger.requestId, requestId), ne(ledger.ending, "complete")));
  return row ?? null;
}
