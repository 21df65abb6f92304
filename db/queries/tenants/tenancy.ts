import { type AnyColumn, and, asc, eq, gt, inArray, or, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/pg-core";
import { DAY_MS } from "@/lib/clock";
import type { Database } from "../../client";
import { inAnyCase } from "../../in-any-case";
import { keys, tenants, users } from "../../schema/tenancy";

export type TenantInsert = typeof tenants.$inferInsert;
export type TenantRow = typeof tenants.$inferSelect;
export type KeyInsert = typeof keys.$inferInsert;
export type KeyRecord = typeof keys.$inferSelect;
/** Undefined members stay unchanged. */
type Edit<Row> = { [Name in keyof Row]?: Row[Name] | undefined };

/** A page of the tenants by name, after the tenant `after`; only those whose name or slug contains a text, and of `among`. */
export async function readTenants(
  db: Database,
  page: { find: string | null; after: string | null; limit: number; among: readonly string[] | null },
): Promise<TenantRow[]> {
  const behind =
    page.after === null
      ? undefined
      : sql`(${tenants.name}, ${tenants.slug}) > (select t.name, t.slug from ${tenants} t where t.slug = ${page.after})`;
  return db
    .select()
    .from(tenants)
    .where(and(occursIn([tenants.name, tenants.slug], page.find), isAmong(page.among), behind))
    .orderBy(asc(tenants.name), asc(tenants.slug))
    .limit(page.limit);
}

/** Every tenant by name, for files that contain all of them. */
export async function readAllTenants(db: Database): Promise<TenantRow[]> {
  return db.select().from(tenants).orderBy(asc(tenants.name), asc(tenants.slug));
}

/** The number of tenants that contain a text. `among`: slugs; null = all. */
export async function countTenants(
  db: Database,
  find: string | null,
  among: readonly string[] | null,
): Promise<number> {
  const found = and(occursIn([tenants.name, tenants.slug], find), isAmong(among));
  const [row] = await db.select({ count: sql<number>`count(*)::int` }).from(tenants).where(found);
  return row?.count ?? 0;
}

export async function findTenant(db: Database, slug: string): Promise<TenantRow | null> {
  const [row] = await db.select().from(tenants).where(eq(tenants.slug, slug));
  return row ?? null;
}

/** An empty list is no tenant. */
function isAmong(slugs: readonly string[] | null) {
  return slugs === null ? undefined : inArray(tenants.slug, [...slugs]);
}

/** Each word of a text must occur in one of the columns. */
function occursIn(columns: readonly AnyColumn[], find: string | null) {
  const words =
    find
      ?.split(/\s+/)
      .filter((word) => word !== "")
      .slice(0, WORDS_MAX) ?? [];
  return and(...words.map((word) => or(...inAnyCase(columns, word))));
}

const WORDS_MAX = 8;

/** Locks a tenant for an edit; null when there is none. */
export async function lockTenant(tx: Database, slug: string): Promise<TenantRow | null> {
  const [row] = await tx.select().from(tenants).where(eq(tenants.slug, slug)).for("update");
  return row ?? null;
}

/** False when the slug is taken. */
export async function insertTenant(tx: Database, row: TenantInsert): Promise<boolean> {
  const inserted = await tx.insert(tenants).values(row).onConflictDoNothing().returning({ id: tenants.id });
  return inserted.length === 1;
}

export async function updateTenant(tx: Database, id: string, set: Edit<TenantInsert>): Promise<void> {
  if (Object.keys(set).length > 0) await tx.update(tenants).set(set).where(eq(tenants.id, id));
}

/** All links to its own page become invalid. */
export async function voidLinks(tx: Database, id: string): Promise<void> {
  await tx
    .update(tenants)
    .set({ linkVersion: sql`${tenants.linkVersion} + 1` })
    .where(eq(tenants.id, id));
}

/** Filters of a list of keys. Days are counted from the database's clock. */
export const KEY_STATES = ["usable", "expiring", "rotation", "unused", "ended"] as const;
export type KeyState = (typeof KEY_STATES)[number];

const usable = sql`(${keys.status} = 'active' and (${keys.expiresAt} is null or ${keys.expiresAt} > now()))`;
/** A key with a schedule that is due by a moment and has no replacement. */
export function rotationDueBy(moment: SQL): SQL {
  return sql`(${keys.createdAt} + make_interval(days => ${keys.rotateDays}) <= ${moment}
    and not exists (select from ${keys} next where next.rotates_key_id = ${keys.id} and next.status = 'active'))`;
}

const KEY_STATE_IS = {
  usable,
  expiring: sql`(${usable} and ${keys.expiresAt} < now() + interval '14 days')`,
  rotation: sql`(${usable} and ${rotationDueBy(sql`now() + interval '14 days'`)})`,
  unused: sql`(${usable} and coalesce(${keys.lastUsedAt}, ${keys.createdAt}) < now() - interval '30 days')`,
  ended: sql`not ${usable}`,
} as const satisfies Record<KeyState, ReturnType<typeof sql>>;

/**
 * A page of the keys of some tenants, or of all: by tenant, newest last, after the key `after` if named; only those whose
 * name, public id or last characters contain a text.
 */
export async function readKeys(
  db: Database,
  tenantIds: readonly string[] | null,
  page: { find: string | null; after: string | null; limit: number; state?: KeyState | undefined },
): Promise<KeyRecord[]> {
  // A key of another tenant begins no page: it would tell where that one stands in the order.
  const foreign = tenantIds === null ? sql`` : sql` and ${inArray(sql`k.tenant_id`, [...tenantIds])}`;
  const ofThese = tenantIds === null ? undefined : inArray(keys.tenantId, [...tenantIds]);
  const behind =
    page.after === null
      ? undefined
      : sql`(${keys.tenantId}, ${keys.createdAt}, ${keys.id}) > (select k.tenant_id, k.created_at, k.id from ${keys} k where k.id = ${page.after}${foreign})`;
  return db
    .select()
    .from(keys)
    .where(
      and(
        ofThese,
        occursIn([keys.name, keys.id, keys.last4], page.find),
        page.state === undefined ? undefined : KEY_STATE_IS[page.state],
        behind,
      ),
    )
    .orderBy(asc(keys.tenantId), asc(keys.createdAt), asc(keys.id))
    .limit(page.limit);
}

/** A page of a tenant's end users by name, after the name `after`. */
export async function readUsers(db: Database, tenantId: string, page: { after: string | null; limit: number }) {
  const behind = page.after === null ? undefined : gt(users.name, page.after);
  return db
    .select()
    .from(users)
    .where(and(eq(users.tenantId, tenantId), behind))
    .orderBy(asc(users.name))
    .limit(page.limit);
}

/** Names for keys by their families: the newest key's name. */
export async function readKeyNames(db: Database, families: readonly string[]): Promise<Map<string, string>> {
  if (families.length === 0) return new Map();
  const rows = await db
    .select({ family: keys.familyId, name: keys.name })
    .from(keys)
    .where(inArray(keys.familyId, [...families]))
    .orderBy(asc(keys.createdAt));
  return new Map(rows.map((row) => [row.family, row.name]));
}

/** The tenants of keys by their families. */
export async function readKeyTenants(db: Database, families: readonly string[]): Promise<Map<string, string>> {
  if (families.length === 0) return new Map();
  const rows = await db
    .selectDistinct({ family: keys.familyId, tenantId: keys.tenantId })
    .from(keys)
    .where(inArray(keys.familyId, [...families]));
  return new Map(rows.map((row) => [row.family, row.tenantId]));
}

/** When a key ends, when it is due for replacement, and whether its holder may replace it; null: there is no such key. */
export async function readKeyDates(db: Database, id: string) {
  const { createdAt, expiresAt, rotateDays, holderMayRotate } = keys;
  const next = alias(keys, "next");
  const [row] = await db
    .select({ createdAt, expiresAt, rotateDays, holderMayRotate, successorId: next.id })
    .from(keys)
    .leftJoin(next, and(eq(next.rotatesKeyId, keys.id), eq(next.status, "active")))
    .where(eq(keys.id, id));
  return row === undefined ? null : { ...row, rotateAt: rotateAt(row) };
}

/** When a key is due for replacement; null = it has no schedule. */
export function rotateAt({ createdAt, rotateDays }: Pick<KeyRecord, "createdAt" | "rotateDays">): Date | null {
  return rotateDays === null ? null : new Date(createdAt.getTime() + rotateDays * DAY_MS);
}

/** Names for keys by their public ids. */
export async function readKeyNamesById(db: Database, ids: readonly string[]): Promise<Map<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .select({ id: keys.id, name: keys.name })
    .from(keys)
    .where(inArray(keys.id, [...ids]));
  return new Map(rows.map((row) => [row.id, row.name]));
}

/** Those of these keys that have an unrevoked successor. */
export async function readReplaced(db: Database, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const rows = await db
    .select({ id: keys.rotatesKeyId })
    .from(keys)
    .where(and(inArray(keys.rotatesKeyId, [...ids]), eq(keys.status, "active")));
  return new Set(rows.flatMap(({ id }) => id ?? []));
}

/** The number of usable keys of each of these tenants. */
export async function countActiveKeys(db: Database, tenantIds: readonly string[]): Promise<Map<string, number>> {
  if (tenantIds.length === 0) return new Map();
  const rows = await db
    .select({ tenantId: keys.tenantId, count: sql<number>`count(*)::int` })
    .from(keys)
    .where(
      and(
        inArray(keys.tenantId, [...tenantIds]),
        eq(keys.status, "active"),
        sql`(${keys.expiresAt} is null or ${keys.expiresAt} > now())`,
      ),
    )
    .groupBy(keys.tenantId);
  return new Map(rows.map((row) => [row.tenantId, row.count]));
}

/** Whether any of these tenants has or had a key. Ended keys stay stored. */
export async function hasAnyKey(db: Database, tenantIds: readonly string[]): Promise<boolean> {
  const ofThese = sql`${keys.tenantId} = any(${sql.param([...tenantIds])}::text[])`;
  const [found] = await db.select({ id: keys.id }).from(keys).where(ofThese).limit(1);
  return found !== undefined;
}

/** Locks a key for an edit; null when there is none. */
export async function lockKey(tx: Database, id: string): Promise<KeyRecord | null> {
  const [row] = await tx.select().from(keys).where(eq(keys.id, id)).for("update");
  return row ?? null;
}

/** The unused successor of this key; null when there is none. */
export async function findSuccessor(tx: Database, id: string): Promise<KeyRecord | null> {
  const [row] = await tx
    .select()
    .from(keys)
    .where(and(eq(keys.rotatesKeyId, id), eq(keys.status, "active")));
  return row ?? null;
}

export async function insertKey(tx: Database, row: KeyInsert): Promise<KeyRecord> {
  const [stored] = await tx.insert(keys).values(row).returning();
  if (stored === undefined) throw new Error("insert returned no row");
  return stored;
}

export async function updateKey(tx: Database, id: string, set: Edit<KeyInsert>): Promise<KeyRecord> {
  const [stored] = await tx.update(keys).set(set).where(eq(keys.id, id)).returning();
  if (stored === undefined) throw new Error("update returned no row");
  return stored;
}
