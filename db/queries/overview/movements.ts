import { and, eq, gte, inArray, lt, sql } from "drizzle-orm";
import { DAY_MS } from "@/lib/clock";
import type { Database } from "../../client";
import { refusalCounts, usage } from "../../schema/books";

/** A tenant's figures in a time span, and in the same one the day before. */
export type Movement = {
  readonly tenantId: string;
  readonly now: Measures;
  readonly before: Measures;
};
/** `calls`: served ones. */
export type Measures = {
  readonly calls: number;
  readonly tokens: number;
  readonly costMicroUsd: number;
  readonly refused: number;
};

type Row = Record<"calls" | "tokens" | "cost" | "calls_before" | "tokens_before" | "cost_before", string> & {
  readonly tenant_id: string;
  readonly refused: string;
  readonly refused_before: string;
};

/**
 * Every tenant that called between two whole minutes, or between the same ones a day earlier; over all tenants. From
 * the sums per minute, which are kept for three days.
 */
export async function movementsBetween(db: Database, from: Date, to: Date): Promise<Movement[]> {
  const at = (moment: Date, agoMs: number) => sql`${new Date(moment.getTime() - agoMs).toISOString()}::timestamptz`;
  const within = (column: unknown, agoMs: number) =>
    sql`(${column} >= ${at(from, agoMs)} and ${column} < ${at(to, agoMs)})`;
  const isNow = sql`filter (where bucket >= ${at(from, 0)})`;
  const isBefore = sql`filter (where bucket < ${at(from, 0)})`;
  const { rows } = await db.execute<Row>(sql`
    with served as (
      select tenant_id, sum(calls) ${isNow} as calls, sum(input_tokens + output_tokens) ${isNow} as tokens,
        sum(cost_micro_usd) ${isNow} as cost, sum(calls) ${isBefore} as calls_before,
        sum(input_tokens + output_tokens) ${isBefore} as tokens_before, sum(cost_micro_usd) ${isBefore} as cost_before
      from ${usage} where grain = 'minute' and (${within(sql`bucket`, 0)} or ${within(sql`bucket`, DAY_MS)})
      group by tenant_id
    ),
    refused as (
      select tenant_id, sum(count) filter (where minute >= ${at(from, 0)}) as refused,
        sum(count) filter (where minute < ${at(from, 0)}) as refused_before
      from ${refusalCounts} where ${within(sql`minute`, 0)} or ${within(sql`minute`, DAY_MS)} group by tenant_id
    )
    select tenant_id, coalesce(calls, 0) as calls, coalesce(tokens, 0) as tokens, coalesce(cost, 0) as cost,
      coalesce(calls_before, 0) as calls_before, coalesce(tokens_before, 0) as tokens_before,
      coalesce(cost_before, 0) as cost_before, coalesce(refused, 0) as refused,
      coalesce(refused_before, 0) as refused_before
    from served full join refused using (tenant_id)`);
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    now: {
      calls: Number(row.calls),
      tokens: Number(row.tokens),
      costMicroUsd: Number(row.cost),
      refused: Number(row.refused),
    },
    before: {
      calls: Number(row.calls_before),
      tokens: Number(row.tokens_before),
      costMicroUsd: Number(row.cost_before),
      refused: Number(row.refused_before),
    },
  }));
}

/** Calls of some tenants per minute, served and refused together, between two whole minutes. */
export async function callsPerMinute(db: Database, tenantIds: readonly string[], from: Date, to: Date) {
  if (tenantIds.length === 0) return [];
  const ids = [...tenantIds];
  const [served, refused] = await Promise.all([
    db
      .select({ tenantId: usage.tenantId, minute: usage.bucket, calls: sql`sum(${usage.calls})`.mapWith(Number) })
      .from(usage)
      .where(
        and(inArray(usage.tenantId, ids), eq(usage.grain, "minute"), gte(usage.bucket, from), lt(usage.bucket, to)),
      )
      .groupBy(usage.tenantId, usage.bucket),
    db
      .select({
        tenantId: refusalCounts.tenantId,
        minute: refusalCounts.minute,
        calls: sql`sum(${refusalCounts.count})`.mapWith(Number),
      })
      .from(refusalCounts)
      .where(and(gte(refusalCounts.minute, from), lt(refusalCounts.minute, to), inArray(refusalCounts.tenantId, ids)))
      .groupBy(refusalCounts.tenantId, refusalCounts.minute),
  ]);
  return [...served, ...refused];
}
