import { and, asc, desc, eq, gte, lt, type SQL, sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import type { Database } from "../../client";
import { labelUsage } from "../../schema/books";

/** Kinds of callers' names with their own sums. */
export type LabelKind = "session" | "agent" | "tag";

const sum = (column: AnyPgColumn) => sql`coalesce(sum(${column}), 0)`.mapWith(Number);
const SUMS = {
  calls: sum(labelUsage.calls),
  broken: sum(labelUsage.broken),
  degraded: sum(labelUsage.degraded),
  inputTokens: sum(labelUsage.inputTokens),
  cachedInputTokens: sum(labelUsage.cachedInputTokens),
  outputTokens: sum(labelUsage.outputTokens),
  costMicroUsd: sum(labelUsage.costMicroUsd),
};
const SERIES_MAX = 50_000;

type LabelRange = {
  readonly by: LabelKind;
  readonly tenantId: string | null;
  readonly grain: "minute" | "hour" | "day";
  readonly from: Date;
  readonly to: Date;
  readonly tag?: string | undefined;
};

/** Sums per bucket and name, oldest first. */
export function labelSeries(db: Database, input: LabelRange) {
  const bucket = sql<Date>`date_trunc(${input.grain}, ${labelUsage.bucket}, 'UTC')`.mapWith(labelUsage.bucket);
  return db
    .select({ bucket, subject: labelUsage.label, ...SUMS })
    .from(labelUsage)
    .where(labelRange(input))
    .groupBy(sql`1`, labelUsage.label)
    .orderBy(sql`1`, desc(SUMS.costMicroUsd))
    .limit(SERIES_MAX);
}

/** Sums over the whole range per name, highest cost first. */
export function labelTotals(db: Database, input: LabelRange & { readonly most: number }) {
  return db
    .select({ subject: labelUsage.label, ...SUMS })
    .from(labelUsage)
    .where(labelRange(input))
    .groupBy(labelUsage.label)
    .orderBy(desc(SUMS.costMicroUsd), asc(labelUsage.label))
    .limit(input.most);
}

export function labelRange({ tenantId, by, tag, from, to }: LabelRange): SQL | undefined {
  return and(
    eq(labelUsage.kind, by),
    gte(labelUsage.bucket, from),
    lt(labelUsage.bucket, to),
    tenantId === null ? undefined : eq(labelUsage.tenantId, tenantId),
    tag === undefined ? undefined : sql`split_part(${labelUsage.label}, '=', 1) = ${tag}`,
  );
}

/** Whether a split is by callers' names. */
export function isLabel(by: string | null): by is LabelKind {
  return by === "session" || by === "agent" || by === "tag";
}
