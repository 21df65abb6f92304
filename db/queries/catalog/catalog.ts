import { desc, eq, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { models, prices, providers } from "../../schema/catalog";

export async function listCatalog(db: Database) {
  return {
    providers: (await db.select().from(providers).orderBy(providers.slug)).map(withoutSecret),
    models: await db.select().from(models).orderBy(models.slug),
    prices: await db
      .selectDistinctOn([prices.modelId])
      .from(prices)
      .where(sql`${prices.validFrom} <= now()`)
      .orderBy(prices.modelId, desc(prices.validFrom), desc(prices.id)),
  };
}

function withoutSecret<Row extends { credentialSealed: string | null }>(row: Row): Omit<Row, "credentialSealed"> {
  const { credentialSealed: _sealed, ...rest } = row;
  return rest;
}

export async function putProvider(tx: Database, row: typeof providers.$inferInsert): Promise<void> {
  const { id: _id, ...rest } = row;
  await tx.insert(providers).values(row).onConflictDoUpdate({ target: providers.slug, set: rest });
}

/** The model's row, and a new price from now on; null keeps the one in force. */
export async function putModel(
  tx: Database,
  row: typeof models.$inferInsert,
  price: Omit<typeof prices.$inferInsert, "modelId"> | null,
): Promise<void> {
  const { id: _id, ...rest } = row;
  const [stored] = await tx
    .insert(models)
    .values(row)
    .onConflictDoUpdate({ target: models.slug, set: rest })
    .returning({ id: models.id });
  if (stored === undefined) throw new Error("insert returned no row");
  if (price !== null) await tx.insert(prices).values({ ...price, modelId: stored.id });
}

export async function findProvider(db: Database, slug: string) {
  const [row] = await db.select().from(providers).where(eq(providers.slug, slug));
  return row ?? null;
}

/** Writes its further credentials; their form is `lib/policy/rows/credential-row`. */
export async function setCredentials(tx: Database, slug: string, credentials: readonly unknown[]): Promise<void> {
  await tx.update(providers).set({ credentials }).where(eq(providers.slug, slug));
}

/** Takes a provider out of service, or puts it back (null). Then cool-downs from before `at` do not count. */
export async function setService(
  tx: Database,
  slug: string,
  service: { readonly takenOutReason: string | null; readonly at: Date },
): Promise<void> {
  const { takenOutReason, at } = service;
  const set = takenOutReason === null ? { takenOutReason, reopenedAt: at } : { takenOutReason };
  await tx.update(providers).set(set).where(eq(providers.slug, slug));
}

/** A provider without models. */
export async function deleteProvider(tx: Database, id: string): Promise<void> {
  await tx.delete(providers).where(eq(providers.id, id));
}

/** A model with its prices. */
export async function deleteModel(tx: Database, id: string): Promise<void> {
  await tx.delete(models).where(eq(models.id, id));
}
