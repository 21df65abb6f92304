import { and, eq, gte, lt, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { ledger, refusalCounts, usage } from "../../schema/books";
import { policyVersions } from "../../schema/limits";

/** Figures over all tenants since a moment: the overview's cards. Served by the index on ended_at. */
export async function sumLedger(db: Database, since: Date) {
  const [row] = await db
    .select({
      calls: sql`count(*)`.mapWith(Number),
      inputTokens: sql`coalesce(sum(${ledger.inputTokens}), 0)`.mapWith(Number),
      outputTokens: sql`coalesce(sum(${ledger.outputTokens}), 0)`.mapWith(Number),
      costMicroUsd: sql`coalesce(sum(${ledger.costMicroUsd}), 0)`.mapWith(Number),
    })
    .from(ledger)
    .where(gte(ledger.endedAt, since));
  return row ?? { calls: 0, inputTokens: 0, outputTokens: 0, costMicroUsd: 0 };
}

/** Calls and money between two full hours, over all tenants, from the sums; null = to the newest. */
export async function sumUsage(db: Database, since: Date, until: Date | null) {
  const [row] = await db
    .select({
      calls: sql`coalesce(sum(${usage.calls}), 0)`.mapWith(Number),
      costMicroUsd: sql`coalesce(sum(${usage.costMicroUsd}), 0)`.mapWith(Number),
    })
    .from(usage)
    .where(
      and(eq(usage.grain, "hour"), gte(usage.bucket, since), until === null ? undefined : lt(usage.bucket, until)),
    );
  return row ?? { calls: 0, costMicroUsd: 0 };
}

/** Calls, tokens and money per minute between two minutes, over all tenants, from the sums; null = to the newest. */
export async function usageByMinute(db: Database, since: Date, until: Date | null) {
  return db
    .select({
      minute: usage.bucket,
      calls: sql`sum(${usage.calls})`.mapWith(Number),
      inputTokens: sql`sum(${usage.inputTokens})`.mapWith(Number),
      outputTokens: sql`sum(${usage.outputTokens})`.mapWith(Number),
      costMicroUsd: sql`sum(${usage.costMicroUsd})`.mapWith(Number),
    })
    .from(usage)
    .where(
      and(eq(usage.grain, "minute"), gte(usage.bucket, since), until === null ? undefined : lt(usage.bucket, until)),
    )
    .groupBy(usage.bucket)
    .orderBy(usage.bucket);
}

/** Refusals per minute, code and layer between two minutes, over all tenants; null = to the newest. */
export async function refusalsByMinute(db: Database, since: Date, until: Date | null) {
  const { minute, code, layer, dimension } = refusalCounts;
  return db
    .select({ minute, code, layer, dimension, count: sql<number>`sum(${refusalCounts.count})::int` })
    .from(refusalCounts)
    .where(and(gte(minute, since), until === null ? undefined : lt(minute, until)))
    .groupBy(minute, code, layer, dimension)
    .orderBy(minute);
}

/** Changes since a moment, for marks on charts. */
export async function changesSince(db: Database, since: Date) {
  return db.select().from(policyVersions).where(gte(policyVersions.at, since)).orderBy(policyVersions.version);
}
