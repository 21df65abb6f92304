import { and, desc, eq, gte, inArray, isNull, sql } from "drizzle-orm";
import { type AnyPgColumn, alias } from "drizzle-orm/pg-core";
import type { Database } from "../../client";
import { ledger, observedCounts, refusalCounts } from "../../schema/books";
import { keys, tenants, users } from "../../schema/tenancy";
import { SEARCHED_MAX, type Sought, soughtIn } from "./refused";

export type LedgerRow = typeof ledger.$inferSelect;
export type ObservedInsert = typeof observedCounts.$inferInsert;
export type RefusalInsert = typeof refusalCounts.$inferInsert;

/** Adds counts to their minutes. Call once per batch: it is not idempotent. */
export async function addRefusals(db: Database, counts: readonly RefusalInsert[]): Promise<void> {
  if (counts.length === 0) return;
  const { minute, tenantId, code, layer, dimension, limitName, count } = refusalCounts;
  await db
    .insert(refusalCounts)
    .values([...counts])
    .onConflictDoUpdate({
      target: [minute, tenantId, code, layer, dimension, limitName],
      set: { count: sql`${count} + excluded.count` },
    });
}

/** Adds would-be refusals to their minutes. Call once per batch: it is not idempotent. */
export async function addObserved(db: Database, counts: readonly ObservedInsert[]): Promise<void> {
  if (counts.length === 0) return;
  const { minute, tenantId, layer, dimension, limitName, count } = observedCounts;
  await db
    .insert(observedCounts)
    .values([...counts])
    .onConflictDoUpdate({
      target: [limitName, minute, tenantId, layer, dimension],
      set: { count: sql`${count} + excluded.count` },
    });
}

/** Calls since a moment that observing limits and brakes would have refused, by name and tenant, most first. */
export async function observedSince(db: Database, input: { since: Date; names: readonly string[]; most: number }) {
  if (input.names.length === 0) return [];
  const { tenantId, limitName, minute } = observedCounts;
  const sum = sql`sum(${observedCounts.count})`.mapWith(Number);
  return db
    .select({ name: limitName, tenantId, count: sum })
    .from(observedCounts)
    .where(and(inArray(limitName, [...input.names]), gte(minute, input.since)))
    .groupBy(limitName, tenantId)
    .orderBy(desc(sum), limitName, tenantId)
    .limit(input.most);
}

export async function addUsers(
  db: Database,
  rows: readonly { tenantId: string; digest: string; name: string }[],
): Promise<void> {
  if (rows.length > 0)
    await db
      .insert(users)
      .values([...rows])
      .onConflictDoNothing();
}

/**
 * Records the use of keys. The first use of a successor sets the end of the key that it replaces. Then it returns true,
 * because what decides calls has changed. Over all tenants by design: the drain writes for all of them.
 */
export async function touchKeys(db: Database, ids: readonly string[], at: Date): Promise<boolean> {
  if (ids.length === 0) return false;
  const used = inArray(keys.id, [...ids]);
  const successor = alias(keys, "successor");
  const end = sql`${at.toISOString()}::timestamptz + make_interval(secs => ${successor.overlapSeconds})`;
  const retired = await db
    .update(keys)
    .set({ expiresAt: sql`least(coalesce(${keys.expiresAt}, 'infinity'), ${end})` })
    .from(successor)
    .where(
      and(
        eq(successor.rotatesKeyId, keys.id),
        isNull(successor.lastUsedAt),
        inArray(successor.id, [...ids]),
        eq(keys.status, "active"),
      ),
    )
    .returning({ id: keys.id });
  await db.update(keys).set({ lastUsedAt: at }).where(used);
  return retired.length > 0;
}

/** One call by its request id, of any tenant; only for operators. */
export async function findLedgerRow(db: Database, requestId: string) {
  return db
    .select({ row: ledger, tenant: tenants.slug })
    .from(ledger)
    .innerJoin(tenants, eq(tenants.id, ledger.tenantId))
    .where(eq(ledger.requestId, requestId));
}

/** A tenant's calls that ended since `since`, newest first; with a text, those of the latest that contain it. */
export async function listLedger(
  db: Database,
  input: {
    tenant: string;
    since: Date;
    limit: number;
    after: { endedAt: Date; requestId: string } | null;
  } & Sought,
) {
  const latest = db
    .select()
    .from(ledger)
    .where(
      and(
        // By the tenant's id, so that only the latest are read from the index.
        sql`${ledger.tenantId} = (select id from ${tenants} where slug = ${input.tenant})`,
        gte(ledger.endedAt, input.since),
        input.after === null
          ? undefined
          : sql`(${ledger.endedAt}, ${ledger.requestId}) < (${input.after.endedAt.toISOString()}::timestamptz, ${input.after.requestId})`,
      ),
    )
    .orderBy(desc(ledger.endedAt), desc(ledger.requestId))
    .limit(input.find === null ? input.limit : SEARCHED_MAX)
    .as("latest");
  const { askedModel, servedModel, feature, keyId, endpoint, ending, degradation, clientAddress } = latest;
  const columns = [askedModel, servedModel, feature, keyId, endpoint, ending, degradation, clientAddress];
  const rows = await db
    .select()
    .from(latest)
    .where(soughtIn(columns, latest.userDigest, input))
    .orderBy(desc(latest.endedAt), desc(latest.requestId))
    .limit(input.limit);
  return rows.map((row) => ({ row, tenant: input.tenant }));
}

/**
 * Tokens held and tokens billed, per feature and serving model. Only the latest calls that were billed by their
 * provider count, because the current quality of estimates matters.
 */
export async function estimatesByFeature(db: Database, input: { tenant: string; since: Date }) {
  const latest = db
    .select({
      feature: ledger.feature,
      model: ledger.servedModel,
      estimated: ledger.estimatedInputTokens,
      held: sql<number>`coalesce(${ledger.reservedInputTokens}, ${ledger.estimatedInputTokens})`.as("held"),
      input: ledger.inputTokens,
      reserved: ledger.reservedOutputTokens,
      output: ledger.outputTokens,
    })
    .from(ledger)
    // By the tenant's id, so that only the latest are read from the index.
    .where(
      and(
        sql`${ledger.tenantId} = (select id from ${tenants} where slug = ${input.tenant})`,
        gte(ledger.endedAt, input.since),
        eq(ledger.usageSource, "provider"),
      ),
    )
    .orderBy(desc(ledger.endedAt))
    .limit(ESTIMATED_CALLS_MAX)
    .as("latest");
  const sum = (column: AnyPgColumn) => sql<number>`sum(${column})::float8`;
  return db
    .select({
      feature: latest.feature,
      model: latest.model,
      calls: sql<number>`count(*)::int`,
      estimatedInputTokens: sum(latest.estimated),
      reservedInputTokens: sql<number>`sum(${latest.held})::float8`,
      inputTokens: sum(latest.input),
      reservedOutputTokens: sum(latest.reserved),
      outputTokens: sum(latest.output),
      overruns: sql<number>`(count(*) filter (where ${latest.output} > ${latest.reserved}))::int`,
    })
    .from(latest)
    .groupBy(latest.feature, latest.model)
    .orderBy(latest.feature, latest.model);
}

const ESTIMATED_CALLS_MAX = 3000;
