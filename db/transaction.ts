import type { Database } from "./client";

/** Runs `work` in one transaction, so that a change, its audit row and its policy version stand or fall together. */
export function inTransaction<T>(db: Database, work: (tx: Database) => Promise<T>): Promise<T> {
  return db.transaction((tx) => work(tx));
}
