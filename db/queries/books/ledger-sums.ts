import { and, desc, eq, gte, inArray, lt, notInArray, type SQL, sql } from "drizzle-orm";
import { BATCH_ENDPOINTS, COUNTING_ENDPOINTS } from "@/lib/limits/cost";
import type { Database } from "../../client";
import { ledger, usage } from "../../schema/books";

/** Dimensions of the sums, in addition to tenant and key family. */
const COLUMNS = {
  user: ledger.userDigest,
  feature: sql<string>`coalesce(${ledger.feature}, '')`,
  session: sql<string>`coalesce(${ledger.session}, '')`,
  agent: sql<string>`coalesce(${ledger.agent}, '')`,
  tags: sql<string>`coalesce(${ledger.tags}, '')`,
  endpoint: ledger.endpoint,
  model: ledger.servedModel,
  provider: ledger.providerId,
  address: ledger.clientAddress,
  priority: ledger.priority,
} as const;
export type LedgerCut = keyof typeof COLUMNS;

/** The total use of some calls. A dimension that was not requested is empty text. */
export type LedgerSum = Readonly<Record<LedgerCut, string>> & {
  readonly tenantId: string;
  readonly keyFamilyId: string;
  readonly calls: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costMicroUsd: number;
};

/**
 * Sums of the calls that were admitted in [from, to) and had ended by `endedBefore` (null = by now), highest cost
 * first. No tenant argument: it is for a store that has lost all counters. `tenantIds` narrows it, null = all.
 */
export async function ledgerSums(
  db: Database,
  input: {
    from: Date;
    to: Date;
    endedBefore: Date | null;
    cuts: readonly LedgerCut[];
    tenantIds: readonly string[] | null;
    most: number;
  },
): Promise<LedgerSum[]> {
  const { from, to, endedBefore, cuts, tenantIds, most } = input;
  const cut = (name: LedgerCut): SQL<string> => (cuts.includes(name) ? sql<string>`${COLUMNS[name]}` : sql<string>`''`);
  const ofOthersThan = (endpoints: readonly string[], column: SQL) =>
    sql`coalesce(sum(${column}) filter (where ${notInArray(ledger.endpoint, [...endpoints])}), 0)`.mapWith(Number);
  const tokens = (column: SQL) => ofOthersThan([...COUNTING_ENDPOINTS, ...BATCH_ENDPOINTS], column);
  const cost = ofOthersThan(COUNTING_ENDPOINTS, sql`${ledger.costMicroUsd}`);
  return db
    .select({
      tenantId: ledger.tenantId,
      keyFamilyId: ledger.keyFamilyId,
      user: cut("user"),
      feature: cut("feature"),
      session: cut("session"),
      agent: cut("agent"),
      tags: cut("tags"),
      endpoint: cut("endpoint"),
      model: cut("model"),
      provider: cut("provider"),
      address: cut("address"),
      priority: cut("priority"),
      calls: sql`count(*)`.mapWith(Number),
      inputTokens: tokens(sql`${ledger.inputTokens}`),
      outputTokens: tokens(sql`${ledger.outputTokens}`),
      costMicroUsd: cost,
    })
    .from(ledger)
    .where(
      and(
        gte(ledger.admittedAt, from),
        lt(ledger.admittedAt, to),
        // No call ends before it is admitted, so the index on the end can serve this.
        gte(ledger.endedAt, from),
        endedBefore === null ? undefined : lt(ledger.endedAt, endedBefore),
        tenantIds === null ? undefined : inArray(ledger.tenantId, [...tenantIds]),
      ),
    )
    .groupBy(ledger.tenantId, ledger.keyFamilyId, ...cuts.map((name) => sql`${COLUMNS[name]}`))
    .orderBy(desc(cost))
    .limit(most);
}

/** Key families with calls since a day, with their tenants; from the daily sums. */
export async function familiesSince(db: Database, since: Date): Promise<{ tenantId: string; keyFamilyId: string }[]> {
  return db
    .selectDistinct({ tenantId: usage.tenantId, keyFamilyId: usage.keyFamilyId })
    .from(usage)
    .where(and(eq(usage.grain, "day"), gte(usage.bucket, since)))
    .limit(FAMILIES_MAX);
}

const FAMILIES_MAX = 100_000;
