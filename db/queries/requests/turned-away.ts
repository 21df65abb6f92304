import { eq, lt, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { turnedAway } from "../../schema/turned-away";

export type TurnedAwayRow = typeof turnedAway.$inferSelect;

/** Adds counts to their minutes. Call once per batch: it is not idempotent. Over all tenants: the drain writes for all. */
export async function addTurnedAway(db: Database, rows: readonly TurnedAwayRow[]): Promise<void> {
  if (rows.length === 0) return;
  const { minute, code, tenantId, keyId, address, path, model, count } = turnedAway;
  await db
    .insert(turnedAway)
    .values([...rows])
    .onConflictDoUpdate({
      target: [minute, code, tenantId, keyId, address, path],
      set: {
        count: sql`${count} + excluded.count`,
        model: sql`case when ${model} = excluded.model then excluded.model end`,
      },
    });
}

/**
 * The calls whose first one has this request id; null = none. Over all tenants: an id names one call, and many such calls
 * have no tenant.
 */
export async function findTurnedAway(db: Database, requestId: string): Promise<TurnedAwayRow | null> {
  const [row] = await db.select().from(turnedAway).where(eq(turnedAway.requestId, requestId)).limit(1);
  return row ?? null;
}

/** Deletes counts from before a moment. */
export async function forgetTurnedAway(db: Database, before: Date): Promise<void> {
  await db.delete(turnedAway).where(lt(turnedAway.minute, before));
}
