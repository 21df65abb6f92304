import { and, asc, desc, eq, gt, gte, lte, max, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { refusalCounts, usage } from "../../schema/books";
import { models, prices, providers } from "../../schema/catalog";

export type PriceInsert = typeof prices.$inferInsert;

/** Every past and future price of a model, newest first; without a model all. */
export async function readPrices(db: Database, model: string | null) {
  return db
    .select({ price: prices, model: models.slug })
    .from(prices)
    .innerJoin(models, eq(models.id, prices.modelId))
    .where(model === null ? undefined : eq(models.slug, model))
    .orderBy(asc(models.slug), desc(prices.validFrom), desc(prices.id))
    .limit(PRICES_MAX);
}

const PRICES_MAX = 2000;

export async function insertPrice(tx: Database, row: PriceInsert): Promise<void> {
  await tx.insert(prices).values(row);
}

/** Whether a price took effect between two moments. Then what decides calls has changed. */
export async function hasPriceBegun(db: Database, after: Date, until: Date): Promise<boolean> {
  const rows = await db
    .select({ id: prices.id })
    .from(prices)
    .where(and(gt(prices.validFrom, after), lte(prices.validFrom, until)))
    .limit(1);
  return rows.length > 0;
}

/** Every model with its calls and money since a moment. */
export async function coverageSince(db: Database, since: Date) {
  const sums = db
    .select({
      model: usage.model,
      calls: sql<number>`sum(${usage.calls})`.mapWith(Number).as("calls"),
      costMicroUsd: sql<number>`sum(${usage.costMicroUsd})`.mapWith(Number).as("cost"),
      tokens: sql<number>`sum(${usage.inputTokens} + ${usage.outputTokens})`.mapWith(Number).as("tokens"),
    })
    .from(usage)
    .where(and(eq(usage.grain, "day"), gte(usage.bucket, since)))
    .groupBy(usage.model)
    .as("sums");
  const first = db
    .select({ modelId: prices.modelId, newest: max(prices.validFrom).as("newest") })
    .from(prices)
    .where(lte(prices.validFrom, sql`now()`))
    .groupBy(prices.modelId)
    .as("first");
  return db
    .select({
      model: models.slug,
      provider: providers.slug,
      enabled: models.enabled,
      calls: sums.calls,
      tokens: sums.tokens,
      costMicroUsd: sums.costMicroUsd,
      pricedSince: first.newest,
    })
    .from(models)
    .innerJoin(providers, eq(providers.id, models.providerId))
    .leftJoin(sums, eq(sums.model, models.slug))
    .leftJoin(first, eq(first.modelId, models.id))
    .orderBy(asc(models.slug));
}

/** Calls that were refused since a moment because their model has no price. */
export async function unpricedRefusals(db: Database, since: Date): Promise<number> {
  const [row] = await db
    .select({ count: sql`coalesce(sum(${refusalCounts.count}), 0)`.mapWith(Number) })
    .from(refusalCounts)
    .where(and(eq(refusalCounts.code, "model_not_priced"), gte(refusalCounts.minute, since)));
  return row?.count ?? 0;
}
