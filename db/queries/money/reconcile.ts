import { and, asc, eq, gte, lt, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { ledger, providerUsage } from "../../schema/books";

export type ProviderUsageInsert = typeof providerUsage.$inferInsert;

/** Replaces earlier imports of the same days by an export; cost and usage come in separate files. */
export async function putProviderUsage(tx: Database, rows: readonly ProviderUsageInsert[]): Promise<void> {
  const { providerId, day, model, account, calls, inputTokens, outputTokens, costMicroUsd } = providerUsage;
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    await tx
      .insert(providerUsage)
      .values(rows.slice(from, from + ROWS_AT_ONCE))
      .onConflictDoUpdate({
        target: [providerId, day, model, account],
        // A cost export has no tokens and a usage export has no money, so neither deletes the other's values.
        set: {
          calls: sql`greatest(excluded.calls, case when excluded.cost_micro_usd is null then 0 else ${calls} end)`,
          inputTokens: sql`case when excluded.cost_micro_usd is null then excluded.input_tokens else greatest(excluded.input_tokens, ${inputTokens}) end`,
          outputTokens: sql`case when excluded.cost_micro_usd is null then excluded.output_tokens else greatest(excluded.output_tokens, ${outputTokens}) end`,
          costMicroUsd: sql`coalesce(excluded.cost_micro_usd, ${costMicroUsd})`,
          importedAt: sql`excluded.imported_at`,
        },
      });
  }
}

const ROWS_AT_ONCE = 500;

export async function readProviderUsage(db: Database, input: { providerId: string; from: Date; to: Date }) {
  return db
    .select()
    .from(providerUsage)
    .where(
      and(
        eq(providerUsage.providerId, input.providerId),
        gte(providerUsage.day, input.from),
        lt(providerUsage.day, input.to),
      ),
    )
    .orderBy(asc(providerUsage.day), asc(providerUsage.model));
}

/** The cost of a tenant's calls that were admitted since a moment, from the rows themselves. */
export async function spentSince(db: Database, tenantId: string, since: Date): Promise<number> {
  const [row] = await db
    .select({ spent: sql`coalesce(sum(${ledger.costMicroUsd}), 0)`.mapWith(Number) })
    .from(ledger)
    .where(and(eq(ledger.tenantId, tenantId), gte(ledger.admittedAt, since), gte(ledger.endedAt, since)));
  return row?.spent ?? 0;
}
