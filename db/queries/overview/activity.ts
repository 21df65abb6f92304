import { and, eq, gte, inArray, ne, sql } from "drizzle-orm";
import { requestIdAt } from "@/lib/request-id";
import type { Database } from "../../client";
import { refusalCounts, refusedCalls, usage } from "../../schema/books";

/** A tenant's recent activity. */
export type Activity = {
  readonly tenantId: string;
  /** served calls */
  readonly calls: number;
  readonly tokens: number;
  readonly costMicroUsd: number;
  readonly refused: number;
  /** the limit, or the brake's id, with the most refusals; null = no refusal */
  readonly refusedBy: string | null;
  readonly refusedCode: string | null;
};

/**
 * Tenants that called since `since`, over all tenants: at most `most`, those with the most calls, served or refused.
 * From the sums per minute.
 */
export async function activitySince(db: Database, since: Date, most: number): Promise<Activity[]> {
  const from = sql`${since.toISOString()}::timestamptz`;
  const { rows } = await db.execute<{
    tenant_id: string;
    calls: string;
    tokens: string;
    cost: string;
    refused: string;
    limit_name: string | null;
    code: string | null;
  }>(sql`
    with served as (
      select tenant_id, sum(calls)::bigint as calls, sum(input_tokens + output_tokens)::bigint as tokens,
        sum(cost_micro_usd)::bigint as cost
      from ${usage} where grain = 'minute' and bucket >= ${from} group by tenant_id
    ),
    by_limit as (
      select tenant_id, limit_name, code, sum(count)::bigint as refused
      from ${refusalCounts} where minute >= ${from} group by tenant_id, limit_name, code
    ),
    refused as (select tenant_id, sum(refused)::bigint as refused from by_limit group by tenant_id),
    most as (
      select distinct on (tenant_id) tenant_id, limit_name, code from by_limit
      order by tenant_id, refused desc, limit_name, code
    )
    select tenant_id, coalesce(calls, 0) as calls, coalesce(tokens, 0) as tokens, coalesce(cost, 0) as cost,
      coalesce(refused, 0) as refused, limit_name, code
    from served full join refused using (tenant_id) left join most using (tenant_id)
    order by coalesce(calls, 0) + coalesce(refused, 0) desc, tenant_id limit ${most}`);
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    calls: Number(row.calls),
    tokens: Number(row.tokens),
    costMicroUsd: Number(row.cost),
    refused: Number(row.refused),
    refusedBy: row.limit_name,
    refusedCode: row.code,
  }));
}

/** The smallest amount that a limit refused lately, in its dimension's unit. */
export type LeastRefused = {
  readonly tenantId: string;
  readonly layer: string;
  readonly dimension: string;
  readonly name: string;
  readonly asked: number;
};

/**
 * The smallest call that each limit refused since a moment, from the newest stored refusals of these tenants; null =
 * of all, for budgets that all tenants share.
 */
export async function leastRefused(
  db: Database,
  tenantIds: readonly string[] | null,
  since: Date,
): Promise<LeastRefused[]> {
  if (tenantIds?.length === 0) return [];
  const from = requestIdAt(since.getTime());
  const of = tenantIds === null ? sql`true` : inArray(refusedCalls.tenantId, [...tenantIds]);
  const { rows } = await db.execute<Record<"tenant_id" | "layer" | "dimension" | "limit_name" | "asked", string>>(sql`
    with newest as (
      select * from ${refusedCalls} where ${refusedCalls.requestId} >= ${from} and ${of}
      order by ${refusedCalls.requestId} desc limit ${LOOKED_AT_MAX}
    )
    select tenant_id, layer, dimension, limit_name, min((one->>'asked')::numeric) as asked
    from newest, jsonb_array_elements(met) one
    where one->>'name' = limit_name and one->>'layer' = layer and one->>'dimension' = dimension
    group by 1, 2, 3, 4`);
  return rows.map((row) => ({
    tenantId: row.tenant_id,
    layer: row.layer,
    dimension: row.dimension,
    name: row.limit_name,
    asked: Number(row.asked),
  }));
}

const LOOKED_AT_MAX = 1000;

/** The minutes since `since` in which each of these tenants was refused, oldest first. A brake's refusals are not counted. */
export async function refusedMinutes(
  db: Database,
  tenantIds: readonly string[],
  since: Date,
): Promise<ReadonlyMap<string, readonly number[]>> {
  if (tenantIds.length === 0) return new Map();
  const { tenantId, minute, code } = refusalCounts;
  const rows = await db
    .selectDistinct({ tenantId, minute })
    .from(refusalCounts)
    .where(and(gte(minute, since), inArray(tenantId, [...tenantIds]), ne(code, "kill_switch_active")))
    .orderBy(minute);
  const byTenant = new Map<string, number[]>();
  for (const row of rows) byTenant.set(row.tenantId, [...(byTenant.get(row.tenantId) ?? []), row.minute.getTime()]);
  return byTenant;
}

/** How many of a tenant's calls each of its limits refused since a moment. Limits of one name may differ by layer and dimension. */
export async function refusedByLimit(db: Database, tenantId: string, since: Date) {
  const { layer, dimension, limitName } = refusalCounts;
  return db
    .select({ layer, dimension, name: limitName, count: sql`sum(${refusalCounts.count})`.mapWith(Number) })
    .from(refusalCounts)
    .where(and(gte(refusalCounts.minute, since), eq(refusalCounts.tenantId, tenantId)))
    .groupBy(layer, dimension, limitName);
}
