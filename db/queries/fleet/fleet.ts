import { and, ne, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { instances } from "../../schema/fleet";
import { ALIVE } from "./instances";

/** Any number, the same in every process: only one of them joins at a time. */
const JOIN_LOCK = 4_207_523;

/** Processes alive that count elsewhere, by store. */
export type Elsewhere = { readonly store: string; readonly processes: number };

/** Registers this process as alive if all others count in the same store. Returns those that do not; none = it joined. */
export async function joinFleet(
  db: Database,
  process: { id: string; store: string; release: string },
): Promise<Elsewhere[]> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${JOIN_LOCK})`);
    const others = await elsewhere(tx, process);
    if (others.length === 0) {
      await tx
        .insert(instances)
        .values({ ...process, policyVersion: 0 })
        .onConflictDoUpdate({ target: instances.id, set: { store: process.store, seenAt: sql`now()` } });
    }
    return others;
  });
}

/** Other processes alive that count in another store. */
export async function elsewhere(db: Database, process: { id: string; store: string }): Promise<Elsewhere[]> {
  return db
    .select({ store: instances.store, processes: sql<number>`count(*)::int` })
    .from(instances)
    .where(and(sql`${instances.seenAt} > ${ALIVE}`, ne(instances.id, process.id), ne(instances.store, process.store)))
    .groupBy(instances.store)
    .orderBy(instances.store);
}
