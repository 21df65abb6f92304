import { and, asc, eq, isNull, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { settings } from "../../schema/fleet";
import { limits } from "../../schema/limits";

const VERSION = "everyone_version";
const OF_NOBODY = and(isNull(limits.tierId), isNull(limits.keyFamilyId));

/** Limits that belong to no tier and no key, with the version that an edit must name. */
export async function readEveryone(db: Database) {
  const [row] = await db.select().from(settings).where(eq(settings.name, VERSION));
  return {
    version: Number(row?.value ?? 1),
    limits: await db.select().from(limits).where(OF_NOBODY).orderBy(asc(limits.position)),
  };
}

/** Locks them for an edit, so that two editors take turns. Returns their version. */
export async function lockEveryone(tx: Database): Promise<number> {
  await tx.insert(settings).values({ name: VERSION, value: "1" }).onConflictDoNothing();
  const [row] = await tx.select().from(settings).where(eq(settings.name, VERSION)).for("update");
  return Number(row?.value ?? 1);
}

export async function replaceEveryone(tx: Database, rows: readonly (typeof limits.$inferInsert)[]): Promise<void> {
  await tx.delete(limits).where(OF_NOBODY);
  if (rows.length > 0) await tx.insert(limits).values([...rows]);
  await tx
    .update(settings)
    .set({ value: sql`(${settings.value}::int + 1)::text` })
    .where(eq(settings.name, VERSION));
}
