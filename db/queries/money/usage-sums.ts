import { and, inArray, type SQL, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { usage } from "../../schema/books";
import { rangeOf, SPLIT_COLUMNS, type UsageFigures, type UsageRange } from "./usage";

/** Subjects that have an index, so that the sums of some of them in each bucket are quick to read. */
export type IndexedSplit = "tenant" | "key";
export type UsageSums = {
  readonly subjects: ReadonlyMap<string, UsageFigures>;
  /** by the start of the bucket, epoch ms */
  readonly buckets: ReadonlyMap<number, UsageFigures>;
};
type Asked = UsageRange & { readonly by: IndexedSplit };

/** The sums of each subject over the whole range, and of each bucket over all subjects, in one pass. */
export async function usageSums(db: Database, input: Asked): Promise<UsageSums> {
  const column = SPLIT_COLUMNS[input.by];
  const { rows } = await db.execute<Row>(sql`
    select ${column} as subject, extract(epoch from bucket)::float8 * 1000 as at, ${SUMS}
    from ${usage} where ${rangeOf(input, input.by)} group by grouping sets ((${column}), (bucket))`);
  const [subjects, buckets] = [new Map<string, UsageFigures>(), new Map<number, UsageFigures>()];
  for (const row of rows) {
    if (row.at === null) subjects.set(row.subject ?? "", figuresOf(row));
    else buckets.set(row.at, figuresOf(row));
  }
  return { subjects, buckets };
}

/** The sums of some subjects in each bucket. */
export async function usageOfSubjects(db: Database, input: Asked, subjects: readonly string[]) {
  if (subjects.length === 0) return [];
  const column = SPLIT_COLUMNS[input.by];
  const range = input.by === "key" ? { ...input, keyFamilyIds: subjects } : input;
  const where = and(rangeOf(range, input.by), inArray(column, [...subjects]));
  const { rows } = await db.execute<Row>(sql`
    select ${column} as subject, extract(epoch from bucket)::float8 * 1000 as at, ${SUMS}
    from ${usage} where ${where} group by bucket, ${column}`);
  return rows.map((row) => ({ subject: row.subject ?? "", at: row.at ?? 0, ...figuresOf(row) }));
}

const COLUMNS = {
  calls: usage.calls,
  broken: usage.broken,
  degraded: usage.degraded,
  inputTokens: usage.inputTokens,
  cachedInputTokens: usage.cachedInputTokens,
  outputTokens: usage.outputTokens,
  costMicroUsd: usage.costMicroUsd,
};
type Row = Record<keyof UsageFigures, string> & { readonly subject: string | null; readonly at: number | null };

const SUMS: SQL = sql.join(
  Object.entries(COLUMNS).map(([name, column]) => sql`sum(${column})::bigint as ${sql.identifier(name)}`),
  sql`, `,
);

function figuresOf(row: Row): UsageFigures {
  return {
    calls: Number(row.calls),
    broken: Number(row.broken),
    degraded: Number(row.degraded),
    inputTokens: Number(row.inputTokens),
    cachedInputTokens: Number(row.cachedInputTokens),
    outputTokens: Number(row.outputTokens),
    costMicroUsd: Number(row.costMicroUsd),
  };
}
