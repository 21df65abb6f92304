import { desc, getTableColumns, gt, lt, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { learned } from "../../schema/learned";

export type LearnedRow = typeof learned.$inferSelect;
export type LearnedInsert = Pick<LearnedRow, "tenantId" | "feature" | "model" | "outputs" | "inputRatios">;

/** How many of each figure are kept. Fewer are less precise; more follow a change more slowly. */
export const LEARNED_MAX = 100;

/**
 * Adds figures to their kinds and returns the kinds' figures after that. One statement; not idempotent: a repeat counts
 * the same calls twice. Each kind at most once in a batch.
 */
export async function addLearned(db: Database, rows: readonly LearnedInsert[]): Promise<LearnedRow[]> {
  if (rows.length === 0) return [];
  const lastOf = (column: typeof learned.outputs | typeof learned.inputRatios, added: string) => {
    const both = sql`(${column} || excluded.${sql.identifier(added)})`;
    return sql`${both}[greatest(1, cardinality${both} - ${LEARNED_MAX - 1}):]`;
  };
  return (
    db
      .insert(learned)
      // The same order everywhere: otherwise two processes that learn the same kinds could deadlock.
      .values([...rows].sort((left, right) => (idOf(left) < idOf(right) ? -1 : 1)))
      .onConflictDoUpdate({
        target: [learned.tenantId, learned.feature, learned.model],
        set: {
          outputs: lastOf(learned.outputs, "outputs"),
          inputRatios: lastOf(learned.inputRatios, "input_ratios"),
          learnedAt: sql`now()`,
        },
      })
      .returning(getTableColumns(learned))
  );
}

function idOf({ tenantId, feature, model }: LearnedInsert): string {
  return JSON.stringify([tenantId, feature, model]);
}

/** Figures learned after a moment of the database's clock, newest first. Reads all tenants: any of them may call this process. */
export async function learnedSince(db: Database, since: Date, most: number): Promise<LearnedRow[]> {
  return db.select().from(learned).where(gt(learned.learnedAt, since)).orderBy(desc(learned.learnedAt)).limit(most);
}

/** Drops kinds without new figures since `before`, and the oldest if there are too many. */
export async function forgetLearned(tx: Database, before: Date, most: number): Promise<void> {
  await tx.delete(learned).where(lt(learned.learnedAt, before));
  const last = tx
    .select({ at: learned.learnedAt })
    .from(learned)
    .orderBy(desc(learned.learnedAt))
    .offset(most)
    .limit(1);
  await tx.delete(learned).where(sql`${learned.learnedAt} <= (${last})`);
}
