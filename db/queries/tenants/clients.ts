import { and, desc, eq, gte, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { clientCounts } from "../../schema/books";

export type ClientInsert = typeof clientCounts.$inferInsert;

const SHOWN_MAX = 50;

/** Adds counts to their days. Call once per batch: it is not idempotent. */
export async function addClients(db: Database, rows: readonly ClientInsert[]): Promise<void> {
  if (rows.length === 0) return;
  const { tenantId, day, client, calls, retries, refused } = clientCounts;
  await db
    .insert(clientCounts)
    .values([...rows])
    .onConflictDoUpdate({
      target: [tenantId, day, client],
      set: {
        calls: sql`${calls} + excluded.calls`,
        retries: sql`${retries} + excluded.retries`,
        refused: sql`${refused} + excluded.refused`,
      },
    });
}

/** A tenant's client libraries since a day, busiest first. */
export async function readClients(db: Database, input: { tenantId: string; since: Date }) {
  const { client, calls, retries, refused } = clientCounts;
  const sum = (column: typeof calls | typeof retries | typeof refused) => sql`sum(${column})`.mapWith(Number);
  return db
    .select({ client, calls: sum(calls), retries: sum(retries), refused: sum(refused) })
    .from(clientCounts)
    .where(and(eq(clientCounts.tenantId, input.tenantId), gte(clientCounts.day, input.since)))
    .groupBy(client)
    .orderBy(desc(sum(calls)), client)
    .limit(SHOWN_MAX);
}
