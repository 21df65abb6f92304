import {
  and,
  asc,
  desc,
  eq,
  gt,
  gte,
  inArray,
  isNotNull,
  isNull,
  lt,
  lte,
  min,
  ne,
  notInArray,
  or,
  sql,
} from "drizzle-orm";
import type { Database } from "../../client";
import { alertChannels, alertDeliveries, alertRules, alerts, wishes } from "../../schema/alerts";
import { ledger, refusalCounts, usage } from "../../schema/books";
import { budgetEvents, budgets } from "../../schema/budgets";
import { providers } from "../../schema/catalog";
import { brakes } from "../../schema/limits";
import { keys, tenants } from "../../schema/tenancy";
import { failedByProvider, isEvidence } from "../books/provider-faults";
import { rotationDueBy } from "../tenants/tenancy";

export type ChannelRow = typeof alertChannels.$inferSelect;
export type RuleRow = typeof alertRules.$inferSelect;
export type AlertRow = typeof alerts.$inferSelect;
export type AlertInsert = typeof alerts.$inferInsert;
export type DeliveryInsert = typeof alertDeliveries.$inferInsert;

/** Any number that is no other lock's, the same in every process: one at a time checks the rules. */
const WATCH_LOCK = 4_207_523;

/** Runs `work` unless another process does; then nothing happens here. */
export async function asWatcher(db: Database, work: (tx: Database) => Promise<void>): Promise<void> {
  await db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ held: boolean }>(sql`select pg_try_advisory_xact_lock(${WATCH_LOCK}) as held`);
    if (rows[0]?.held === true) await work(tx);
  });
}

export async function readRules(db: Database): Promise<RuleRow[]> {
  return db.select().from(alertRules).orderBy(asc(alertRules.createdAt), asc(alertRules.id));
}

export async function readChannels(db: Database): Promise<ChannelRow[]> {
  return db.select().from(alertChannels).orderBy(asc(alertChannels.createdAt), asc(alertChannels.id));
}

/** Writes a rule or channel; false when its name is taken. */
export async function putRule(tx: Database, row: typeof alertRules.$inferInsert): Promise<boolean> {
  const { id: _id, ...rest } = row;
  const taken = await tx.select({ id: alertRules.id }).from(alertRules).where(eq(alertRules.name, row.name));
  if (taken.some(({ id }) => id !== row.id)) return false;
  await tx.insert(alertRules).values(row).onConflictDoUpdate({ target: alertRules.id, set: rest });
  return true;
}

export async function insertChannel(tx: Database, row: typeof alertChannels.$inferInsert): Promise<boolean> {
  const stored = await tx.insert(alertChannels).values(row).onConflictDoNothing().returning({ id: alertChannels.id });
  return stored.length === 1;
}

/** Changes a channel. Null when there is none; "taken" when another one has that name. */
export async function updateChannel(
  tx: Database,
  id: string,
  set: Partial<Pick<ChannelRow, "name" | "kind" | "sealed" | "shown" | "enabled">>,
): Promise<ChannelRow | "taken" | null> {
  if (set.name !== undefined) {
    const [other] = await tx
      .select({ id: alertChannels.id })
      .from(alertChannels)
      .where(and(eq(alertChannels.name, set.name), ne(alertChannels.id, id)));
    if (other !== undefined) return "taken";
  }
  const [row] = await tx.update(alertChannels).set(set).where(eq(alertChannels.id, id)).returning();
  return row ?? null;
}

export async function deleteRule(tx: Database, id: string): Promise<RuleRow | null> {
  const [row] = await tx.delete(alertRules).where(eq(alertRules.id, id)).returning();
  return row ?? null;
}

export async function deleteChannel(tx: Database, id: string): Promise<ChannelRow | null> {
  const [row] = await tx.delete(alertChannels).where(eq(alertChannels.id, id)).returning();
  return row ?? null;
}

export async function muteRule(tx: Database, id: string, until: Date | null, reason: string | null) {
  const [row] = await tx
    .update(alertRules)
    .set({ mutedUntil: until, muteReason: reason })
    .where(eq(alertRules.id, id))
    .returning();
  return row ?? null;
}

/** Open alerts, and those that ended so recently that they may continue. */
export async function readOpenAlerts(tx: Database, endedSince: Date): Promise<AlertRow[]> {
  return tx
    .select()
    .from(alerts)
    .where(sql`${alerts.endedAt} is null or ${alerts.endedAt} >= ${endedSince.toISOString()}::timestamptz`);
}

export async function insertAlerts(tx: Database, rows: readonly AlertInsert[]): Promise<void> {
  if (rows.length > 0) await tx.insert(alerts).values([...rows]);
}

export async function setAlertsEnd(tx: Database, ids: readonly string[], endedAt: Date | null): Promise<void> {
  if (ids.length > 0)
    await tx
      .update(alerts)
      .set({ endedAt })
      .where(inArray(alerts.id, [...ids]));
}

export async function readAlerts(db: Database, input: { before: Date; state: "open" | "over" | null; limit: number }) {
  const inState = { open: isNull(alerts.endedAt), over: isNotNull(alerts.endedAt) };
  return db
    .select({ alert: alerts, rule: alertRules.name })
    .from(alerts)
    .innerJoin(alertRules, eq(alertRules.id, alerts.ruleId))
    .where(and(lt(alerts.startedAt, input.before), input.state === null ? undefined : inState[input.state]))
    .orderBy(desc(alerts.startedAt), desc(alerts.id))
    .limit(input.limit);
}

/** The number of open alerts, and how many of them are critical. */
export async function countOpenAlerts(db: Database) {
  const [row] = await db
    .select({
      open: sql<number>`count(*)::int`,
      critical: sql<number>`(count(*) filter (where ${alerts.severity} = 'critical'))::int`,
      oldestAt: min(alerts.startedAt),
      wishes: sql<number>`(select count(*) from ${wishes} where ${wishes.doneAt} is null)::int`,
    })
    .from(alerts)
    .where(isNull(alerts.endedAt));
  const { open = 0, critical = 0, wishes: asked = 0, oldestAt = null } = row ?? {};
  return { open, critical, oldestAt: oldestAt?.toISOString() ?? null, wishes: asked };
}

export async function insertDeliveries(tx: Database, rows: readonly DeliveryInsert[]): Promise<void> {
  if (rows.length > 0) await tx.insert(alertDeliveries).values([...rows]);
}

/** Newest first. */
export async function readDeliveries(db: Database, input: { before: number; limit: number }) {
  return db
    .select({ delivery: alertDeliveries, channel: alertChannels.name })
    .from(alertDeliveries)
    .innerJoin(alertChannels, eq(alertChannels.id, alertDeliveries.channelId))
    .where(lt(alertDeliveries.seq, input.before))
    .orderBy(desc(alertDeliveries.seq))
    .limit(input.limit);
}

/**
 * Takes due messages for one try; no other process gets them until `leaseUntil`. One per channel, the oldest, so that a
 * hanging channel delays only its own messages; none of the `busy` channels.
 */
export async function claimDeliveries(
  db: Database,
  input: { now: Date; leaseUntil: Date; most: number; busy: readonly string[] },
) {
  const isDue = and(isNotNull(alertDeliveries.nextAt), lte(alertDeliveries.nextAt, input.now));
  const isFree = input.busy.length === 0 ? undefined : notInArray(alertDeliveries.channelId, [...input.busy]);
  const firsts = db
    .select({ seq: min(alertDeliveries.seq) })
    .from(alertDeliveries)
    .where(and(isDue, isFree))
    .groupBy(alertDeliveries.channelId);
  const due = db
    .select({ seq: alertDeliveries.seq })
    .from(alertDeliveries)
    .where(and(isDue, inArray(alertDeliveries.seq, firsts)))
    .orderBy(alertDeliveries.nextAt)
    .limit(input.most)
    .for("update", { skipLocked: true });
  const taken = await db
    .update(alertDeliveries)
    .set({ nextAt: input.leaseUntil, attempts: sql`${alertDeliveries.attempts} + 1` })
    .where(inArray(alertDeliveries.seq, due))
    .returning();
  if (taken.length === 0) return [];
  const channels = await readChannels(db);
  return taken
    .sort((left, right) => left.seq - right.seq)
    .map((delivery) => ({ delivery, channel: channels.find(({ id }) => id === delivery.channelId) ?? null }));
}

export async function finishDelivery(
  db: Database,
  seq: number,
  end: { deliveredAt: Date | null; nextAt: Date | null; lastError: string | null },
): Promise<void> {
  await db.update(alertDeliveries).set(end).where(eq(alertDeliveries.seq, seq));
}

/** Deletes ended alerts, and messages that were delivered or given up. */
export async function forgetAlerts(db: Database, before: Date): Promise<void> {
  await db.delete(alertDeliveries).where(and(isNull(alertDeliveries.nextAt), lt(alertDeliveries.createdAt, before)));
  await db.delete(alerts).where(lt(alerts.endedAt, before));
}

/** Thresholds that no rule has checked yet, in order. They count as checked when the transaction commits. */
export async function takePassed(tx: Database) {
  const rows = await tx
    .select({ event: budgetEvents, budget: budgets.slug, tenant: tenants.slug })
    .from(budgetEvents)
    .innerJoin(budgets, eq(budgets.id, budgetEvents.budgetId))
    .leftJoin(tenants, eq(tenants.id, budgets.tenantId))
    .where(eq(budgetEvents.seen, false))
    .orderBy(budgetEvents.seq)
    .limit(PASSED_AT_ONCE);
  const seqs = rows.map(({ event }) => event.seq);
  if (seqs.length > 0) await tx.update(budgetEvents).set({ seen: true }).where(inArray(budgetEvents.seq, seqs));
  return rows.map(({ event, ...names }) => ({ ...event, ...names }));
}

const PASSED_AT_ONCE = 500;

/** Calls, refusals and money per tenant and minute. */
export async function trafficSince(db: Database, since: Date) {
  const calls = await db
    .select({
      tenant: tenants.slug,
      minute: usage.bucket,
      calls: sql`sum(${usage.calls})`.mapWith(Number),
      tokens: sql`sum(${usage.inputTokens} + ${usage.outputTokens})`.mapWith(Number),
      costMicroUsd: sql`sum(${usage.costMicroUsd})`.mapWith(Number),
    })
    .from(usage)
    .innerJoin(tenants, eq(tenants.id, usage.tenantId))
    .where(and(eq(usage.grain, "minute"), gte(usage.bucket, since)))
    .groupBy(tenants.slug, usage.bucket);
  const refused = await db
    .select({
      tenant: tenants.slug,
      minute: refusalCounts.minute,
      refused: sql`sum(${refusalCounts.count})`.mapWith(Number),
    })
    .from(refusalCounts)
    .innerJoin(tenants, eq(tenants.id, refusalCounts.tenantId))
    .where(gte(refusalCounts.minute, since))
    .groupBy(tenants.slug, refusalCounts.minute);
  return [
    ...calls.map((row) => ({ ...row, refused: 0 })),
    ...refused.map((row) => ({ ...row, calls: 0, tokens: 0, costMicroUsd: 0 })),
  ];
}

/** Ended calls of each key, by minute. Read from the ledger, so only for the last minutes. */
export async function keyTrafficSince(db: Database, since: Date) {
  const minute = sql<Date>`date_trunc('minute', ${ledger.endedAt})`.mapWith(ledger.endedAt);
  return db
    .select({
      tenant: tenants.slug,
      key: ledger.keyId,
      minute,
      calls: sql<number>`count(*)::int`,
      tokens: sql`sum(${ledger.inputTokens} + ${ledger.outputTokens})`.mapWith(Number),
      costMicroUsd: sql`sum(${ledger.costMicroUsd})`.mapWith(Number),
    })
    .from(ledger)
    .innerJoin(tenants, eq(tenants.id, ledger.tenantId))
    .where(gte(ledger.endedAt, since))
    .groupBy(tenants.slug, ledger.keyId, minute);
}

/** Calls per provider, tenant and minute that are evidence about the provider, and how many of them it failed. */
export async function upstreamSince(db: Database, since: Date) {
  const minute = sql<Date>`date_trunc('minute', ${ledger.endedAt})`.mapWith(ledger.endedAt);
  return db
    .select({
      provider: providers.slug,
      tenant: tenants.slug,
      minute,
      calls: sql<number>`count(*)::int`,
      failed: sql<number>`(count(*) filter (where ${failedByProvider}))::int`,
    })
    .from(ledger)
    .innerJoin(providers, eq(providers.id, ledger.providerId))
    .innerJoin(tenants, eq(tenants.id, ledger.tenantId))
    .where(and(gte(ledger.endedAt, since), isEvidence))
    .groupBy(providers.slug, tenants.slug, minute);
}

export async function lastBrakeAt(db: Database): Promise<Date | null> {
  const [row] = await db.select({ at: brakes.createdAt }).from(brakes).orderBy(desc(brakes.createdAt)).limit(1);
  return row?.at ?? null;
}

/** Usable keys whose schedule requires a successor by a moment, and that have none. */
export async function keysToRotate(db: Database, before: Date) {
  const { id, name, createdAt, rotateDays, status, expiresAt, tenantId } = keys;
  const usable = and(eq(status, "active"), or(isNull(expiresAt), gt(expiresAt, sql`now()`)));
  return db
    .select({ tenant: tenants.slug, id, name, createdAt, rotateDays })
    .from(keys)
    .innerJoin(tenants, eq(tenants.id, tenantId))
    .where(and(usable, rotationDueBy(sql`${before.toISOString()}::timestamptz`)));
}

/** Usable keys that end between two moments. A key with a successor is meant to end. */
export async function keysEnding(db: Database, after: Date, before: Date) {
  return db
    .select({ tenant: tenants.slug, id: keys.id, name: keys.name, expiresAt: keys.expiresAt })
    .from(keys)
    .innerJoin(tenants, eq(tenants.id, keys.tenantId))
    .where(
      and(
        eq(keys.status, "active"),
        gt(keys.expiresAt, after),
        lte(keys.expiresAt, before),
        sql`not exists (select from ${keys} next where next.rotates_key_id = ${keys.id} and next.status = 'active')`,
      ),
    );
}
