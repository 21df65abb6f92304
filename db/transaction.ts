import type { Database } from "./client";

/** Runs `work` in one transaction, so that a change, its audit row and its policy version succeed or fail together. */
export function inTransaction<T>(db: Database, work: (tx: Database) => Promise<T>): Promise<T> {
  return db.transaction((tx) => work(tx));
}
