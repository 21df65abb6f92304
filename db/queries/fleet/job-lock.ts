import { sql } from "drizzle-orm";
import type { Database } from "../../client";

/** Any number, the same everywhere. The lock's key is this number and the job's name. */
const JOB_LOCK = 4_207_525;

/**
 * Does the work unless another process does that of the same name. "busy": another one does, and this one did not. The
 * lock is held in a transaction, because a pooler may share its sessions; it ends with its process.
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
