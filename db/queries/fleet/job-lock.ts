import { sql } from "drizzle-orm";
import type { Database } from "../../client";

/** Any number, the same everywhere: with it a job's name makes its lock. */
const JOB_LOCK = 4_207_525;

/**
 * Does the work while no other process does that of the same name. "busy": one does, and this one has not. The lock lies in a
 * transaction, as a pool in front of the database may share its sessions; it ends with its process.
 */
export async function underJobLock(db: Database, name: string, work: () => Promise<void>): Promise<"done" | "busy"> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ held: boolean }>(
      sql`select pg_try_advisory_xact_lock(${JOB_LOCK}, hashtext(${name})) as held`,
    );
    if (rows[0]?.held !== true) return "busy";
    await work();
    return "done";
  });
}
