import { and, asc, desc, eq, gte, inArray, lt, type SQL, sql } from "drizzle-orm";
import type { AnyPgColumn } from "drizzle-orm/pg-core";
import type { Database } from "../../client";
import { ledger, refusalCounts, usage } from "../../schema/books";
import { providers } from "../../schema/catalog";
import { instances } from "../../schema/fleet";
import { policyVersions } from "../../schema/limits";
import { keys } from "../../schema/tenancy";
import { failedByProvider } from "../books/provider-faults";
import { isLabel, type LabelKind, labelSeries, labelTotals } from "./label-usage";

export const USAGE_SPLITS = ["tenant", "model", "key", "feature", "user", "session", "agent", "tag"] as const;
export type UsageSplit = (typeof USAGE_SPLITS)[number];
export const USAGE_GRAINS = ["minute", "hour", "day"] as const;
export type UsageGrain = (typeof USAGE_GRAINS)[number];

/** The sums of some calls. */
export type UsageFigures = {
  readonly calls: number;
  readonly broken: number;
  readonly degraded: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly costMicroUsd: number;
};

export const SPLIT_COLUMNS = {
  tenant: usage.tenantId,
  model: usage.model,
  key: usage.keyFamilyId,
  feature: usage.feature,
  user: usage.userDigest,
} as const satisfies Record<Exclude<UsageSplit, LabelKind>, AnyPgColumn>;

const sum = (column: AnyPgColumn) => sql`coalesce(sum(${column}), 0)`.mapWith(Number);
const SUMS = {
  calls: sum(usage.calls),
  broken: sum(usage.broken),
  degraded: sum(usage.degraded),
  inputTokens: sum(usage.inputTokens),
  cachedInputTokens: sum(usage.cachedInputTokens),
  outputTokens: sum(usage.outputTokens),
  costMicroUsd: sum(usage.costMicroUsd),
};

export type UsageRange = {
  readonly tenantId: string | null;
  readonly grain: UsageGrain;
  readonly from: Date;
  readonly to: Date;
  /** only the values of this tag, for a split by tag; absent = of all */
  readonly tag?: string | undefined;
  /** only this one, for a split by user; absent = all */
  readonly userDigest?: string | undefined;
  /** only these, for a split by key; absent = all */
  readonly keyFamilyIds?: readonly string[] | undefined;
};

/** Sums per bucket and, on request, per subject; oldest first. Never reads the ledger's rows. */
export async function usageSeries(db: Database, input: UsageRange & { by: UsageSplit | null }) {
  if (isLabel(input.by)) return labelSeries(db, { ...input, by: input.by });
  const subject: SQL<string> = input.by === null ? sql<string>`''` : sql<string>`${SPLIT_COLUMNS[input.by]}`;
  return db
    .select({ bucket: usage.bucket, subject, ...SUMS })
    .from(usage)
    .where(rangeOf(input, input.by))
    .groupBy(usage.bucket, ...(input.by === null ? [] : [SPLIT_COLUMNS[input.by]]))
    .orderBy(asc(usage.bucket), desc(SUMS.costMicroUsd))
    .limit(SERIES_MAX);
}

/** Sums over the whole range per subject, highest cost first. */
export async function usageTotals(db: Database, input: UsageRange & { by: UsageSplit; most: number }) {
  if (isLabel(input.by)) return labelTotals(db, { ...input, by: input.by });
  const column = SPLIT_COLUMNS[input.by];
  return db
    .select({ subject: column, ...SUMS })
    .from(usage)
    .where(rangeOf(input, input.by))
    .groupBy(column)
    .orderBy(desc(SUMS.costMicroUsd), asc(column))
    .limit(input.most);
}

const SERIES_MAX = 50_000;

/** Users are stored per day, keys and features per hour in their own sums: the other sums have far fewer rows to read. */
export function rangeOf(input: UsageRange, by: UsageSplit | null): SQL | undefined {
  const { tenantId, grain, from, to, userDigest, keyFamilyIds } = input;
  const user = userDigest === undefined ? undefined : eq(usage.userDigest, userDigest);
  const own = keyFamilyIds === undefined ? undefined : ofFamilies([...keyFamilyIds]);
  const range = and(eq(usage.grain, keptAs(grain, by)), gte(usage.bucket, from), lt(usage.bucket, to), user, own);
  return tenantId === null ? range : and(range, eq(usage.tenantId, tenantId));
}

/** By way of their tenants, whose sums have an index. */
function ofFamilies(ids: string[]): SQL | undefined {
  const tenants = sql`(select ${keys.tenantId} from ${keys} where ${inArray(keys.familyId, ids)})`;
  return and(inArray(usage.tenantId, tenants), inArray(usage.keyFamilyId, ids));
}

function keptAs(grain: UsageGrain, by: UsageSplit | null): string {
  if (by === "user") return "user";
  return grain === "hour" && (by === "key" || by === "feature") ? "key_hour" : grain;
}

/** Refusals per tenant, code and limit since a moment, most first. */
export async function refusalTotals(db: Database, input: { tenantId: string | null; since: Date }) {
  const { tenantId, code, layer, dimension, limitName, minute, count } = refusalCounts;
  const total = sql`sum(${count})`.mapWith(Number);
  const own = input.tenantId === null ? undefined : eq(tenantId, input.tenantId);
  return db
    .select({
      tenantId,
      code,
      layer,
      dimension,
      limitName,
      count: total,
      lastMinute: sql<Date>`max(${minute})`.mapWith(minute),
    })
    .from(refusalCounts)
    .where(and(gte(minute, input.since), own))
    .groupBy(tenantId, code, layer, dimension, limitName)
    .orderBy(desc(total))
    .limit(REFUSALS_MAX);
}

const REFUSALS_MAX = 500;

export async function readInstances(db: Database) {
  return db
    .select({
      id: instances.id,
      startedAt: instances.startedAt,
      seenAt: instances.seenAt,
      policyVersion: instances.policyVersion,
      policyAt: instances.policyAt,
      release: instances.release,
      openCalls: instances.openCalls,
      decisionP95Ms: instances.decisionP95Ms,
      isStoreAway: instances.isStoreAway,
      /** from the commit of its version to its adoption; null for a process that started with it */
      tookMs: sql<number | null>`case when ${policyVersions.at} > ${instances.startedAt}
        then (extract(epoch from ${instances.policyAt} - ${policyVersions.at}) * 1000)::int end`,
      alive: sql<boolean>`${instances.seenAt} > now() - interval '5 seconds'`,
    })
    .from(instances)
    .leftJoin(policyVersions, eq(policyVersions.version, instances.policyVersion))
    .orderBy(asc(instances.startedAt));
}

/** The use of one key and its successors, by day (UTC) and model; newest day first. */
export async function keyUsageByDay(db: Database, input: { tenantId: string; keyFamilyId: string; from: Date }) {
  return db
    .select({ day: usage.bucket, model: usage.model, ...SUMS })
    .from(usage)
    .where(
      and(
        eq(usage.grain, "day"),
        eq(usage.tenantId, input.tenantId),
        eq(usage.keyFamilyId, input.keyFamilyId),
        gte(usage.bucket, input.from),
      ),
    )
    .groupBy(usage.bucket, usage.model)
    .orderBy(desc(usage.bucket), desc(SUMS.costMicroUsd), asc(usage.model))
    .limit(KEY_DAYS_MAX);
}

/** A month of days with some tens of models. */
const KEY_DAYS_MAX = 2000;

/** Our ledger's figures per day and model of one provider; days in UTC, as providers bill. */
export async function bookedByDay(db: Database, input: { models: readonly string[]; from: Date; to: Date }) {
  if (input.models.length === 0) return [];
  return db
    .select({ day: usage.bucket, model: usage.model, ...SUMS })
    .from(usage)
    .where(
      and(
        eq(usage.grain, "day"),
        gte(usage.bucket, input.from),
        lt(usage.bucket, input.to),
        inArray(usage.model, [...input.models]),
      ),
    )
    .groupBy(usage.bucket, usage.model)
    .orderBy(asc(usage.bucket), asc(usage.model));
}

/** One key's recent calls by hour and address, for the report on a leaked key. */
export async function keyUseSince(db: Database, keyId: string, since: Date) {
  const hour = sql<Date>`date_trunc('hour', ${ledger.endedAt})`.mapWith(ledger.endedAt);
  return db
    .select({
      hour,
      model: ledger.servedModel,
      endpoint: ledger.endpoint,
      address: ledger.clientAddress,
      calls: sql<number>`count(*)::int`,
      costMicroUsd: sql`sum(${ledger.costMicroUsd})`.mapWith(Number),
    })
    .from(ledger)
    .where(and(eq(ledger.keyId, keyId), gte(ledger.endedAt, since)))
    .groupBy(hour, ledger.servedModel, ledger.endpoint, ledger.clientAddress)
    .orderBy(hour);
}

/** Each provider's answers since a moment: calls, failures, and the time to its first bytes. */
export async function answersOf(db: Database, since: Date) {
  const percentile = (share: number) =>
    sql<number | null>`percentile_cont(${share}) within group (order by ${ledger.upstreamHeadersMs})::int`;
  return db
    .select({
      slug: providers.slug,
      name: providers.name,
      enabled: providers.enabled,
      calls: sql<number>`count(${ledger.requestId})::int`,
      failed: sql<number>`(count(*) filter (where ${failedByProvider}))::int`,
      /** those of them for which the provider had no room */
      limited: sql<number>`(count(*) filter (where ${ledger.upstreamStatus} = 429))::int`,
      p50Ms: percentile(0.5),
      p95Ms: percentile(0.95),
      lastFailedAt: sql<Date | null>`max(${ledger.endedAt}) filter (where ${failedByProvider})`.mapWith(ledger.endedAt),
    })
    .from(providers)
    .leftJoin(ledger, and(eq(ledger.providerId, providers.id), gte(ledger.endedAt, since)))
    .groupBy(providers.id, providers.slug, providers.name, providers.enabled)
    .orderBy(asc(providers.slug));
}

/** Per provider, credential and model since a moment: calls, and those that the provider answered with 429. */
export async function limitedByCredential(db: Database, since: Date) {
  const { credential, servedModel: model } = ledger;
  return db
    .select({
      provider: providers.slug,
      /** null = the provider's own */
      credential,
      model,
      calls: sql<number>`count(*)::int`,
      limited: sql<number>`(count(*) filter (where ${ledger.upstreamStatus} = 429))::int`,
    })
    .from(ledger)
    .innerJoin(providers, eq(providers.id, ledger.providerId))
    .where(gte(ledger.endedAt, since))
    .groupBy(providers.slug, credential, model);
}
