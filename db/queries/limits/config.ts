import { and, desc, eq, gt, inArray, isNull, lte, or, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { budgets } from "../../schema/budgets";
import { models, prices, providers } from "../../schema/catalog";
import { brakes, limits, overrides, policyVersions, tiers } from "../../schema/limits";
import { keys, tenants } from "../../schema/tenancy";

/** The version in force; 0 before any change. One index look-up. */
export async function policyVersion(db: Database): Promise<number> {
  const [row] = await db
    .select({ version: sql<string>`coalesce(max(${policyVersions.version}), 0)` })
    .from(policyVersions);
  return Number(row?.version ?? 0);
}

/** Everything that decides calls, read in one transaction so that it belongs to one version. */
export async function loadConfig(db: Database, now: Date) {
  return db.transaction((tx) => readConfig(tx, now), { isolationLevel: "repeatable read", accessMode: "read only" });
}

/** The same inside a transaction, including its own writes. */
export async function readConfig(tx: Database, now: Date) {
  const version = await policyVersion(tx);
  const active = and(isNull(brakes.liftedAt), or(isNull(brakes.expiresAt), gt(brakes.expiresAt, now)));
  return {
    version,
    tenants: await tx.select().from(tenants),
    tiers: await tx.select().from(tiers).orderBy(tiers.position),
    limits: await tx.select().from(limits).orderBy(limits.position),
    // Of two equally strong ones the first one counts: the newest.
    overrides: await tx.select().from(overrides).orderBy(desc(overrides.createdAt), desc(overrides.id)),
    budgets: await tx.select().from(budgets).orderBy(budgets.createdAt, budgets.id),
    brakes: await tx.select().from(brakes).where(active).orderBy(brakes.createdAt),
    providers: await tx.select().from(providers).where(eq(providers.enabled, true)),
    models: await tx.select().from(models).where(eq(models.enabled, true)).orderBy(models.slug),
    prices: await tx
      .selectDistinctOn([prices.modelId])
      .from(prices)
      .where(lte(prices.validFrom, now))
      .orderBy(prices.modelId, desc(prices.validFrom), desc(prices.id)),
  };
}

export type ConfigRows = Awaited<ReturnType<typeof readConfig>>;

/** One key by its public id. No tenant argument: the key names the tenant. */
export async function findKey(db: Database, id: string) {
  const [row] = await db.select().from(keys).where(eq(keys.id, id));
  return row ?? null;
}

/** Some key of a family, named by the family or by any of its keys. No tenant argument: the caller compares it. */
export async function findKeyOfFamily(db: Database, name: string) {
  const [row] = await db
    .select()
    .from(keys)
    .where(or(eq(keys.id, name), eq(keys.familyId, name)))
    .limit(1);
  return row ?? null;
}

/** Some keys by their public ids; unknown ones are left out. No tenant argument: the keys name the tenants. */
export async function findKeys(db: Database, ids: readonly string[]) {
  return db
    .select()
    .from(keys)
    .where(inArray(keys.id, [...ids]));
}

export type KeyRow = NonNullable<Awaited<ReturnType<typeof findKey>>>;

/** Any number, the same in every process: held from a new version to its commit. */
const VERSION_LOCK = 4_207_521;

/**
 * Records that something that decides calls has changed; inside the change's transaction. Versions are committed in
 * order: if a later one came first, followers of the newest version would miss the earlier change.
 */
export async function bumpPolicyVersion(db: Database, input: VersionInput): Promise<number> {
  const { after, ...row } = input;
  return db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${VERSION_LOCK})`);
    const current = await policyVersion(tx);
    if (after !== undefined && after !== current) throw new StaleVersion(after, current);
    return insertVersion(tx, row, current + 1);
  });
}

/** `after`: the version that the change was made from. If another one is in force, throws `StaleVersion`. */
type VersionInput = { actor: string; change: string; after?: number | undefined };

/** The configuration has changed since it was read. */
export class StaleVersion extends Error {
  override readonly name = "StaleVersion";

  constructor(
    readonly read: number,
    readonly current: number,
  ) {
    super(`the configuration was read at version ${read}, and is at ${current}`);
  }
}

/**
 * If the database has only versions below a published one, its state is older than what was published from it. Then
 * makes a version above the published one. Resolves with both versions; null when the database is as new.
 */
export async function passPolicyVersion(
  db: Database,
  published: number,
  input: { actor: string; change: string },
): Promise<{ from: number; to: number } | null> {
  return db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(${VERSION_LOCK})`);
    const from = await policyVersion(tx);
    return from >= published ? null : { from, to: await insertVersion(tx, input, published + 1) };
  });
}

/** Above all existing versions: the sequence alone may be behind them, as after `passPolicyVersion`. */
async function insertVersion(tx: Database, input: { actor: string; change: string }, least: number): Promise<number> {
  const version = sql`greatest(${least}, nextval(pg_get_serial_sequence('policy_versions', 'version')))`;
  const [row] = await tx
    .insert(policyVersions)
    .overridingSystemValue()
    .values({ ...input, version })
    .returning({ version: policyVersions.version });
  if (row === undefined) throw new Error("insert returned no row");
  return row.version;
}
