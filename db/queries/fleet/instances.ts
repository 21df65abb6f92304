import { eq, lt, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { instances, settings } from "../../schema/fleet";

/** After this long without a heartbeat a process counts as gone. */
export const ALIVE = sql`now() - interval '5 seconds'`;
const FORGOTTEN = sql`now() - interval '1 day'`;

/** A process's data in every heartbeat. */
export type Vitals = Pick<
  typeof instances.$inferSelect,
  "policyVersion" | "release" | "openCalls" | "decisionP95Ms" | "isStoreAway" | "store"
> & { readonly queue?: unknown };

export async function beat(db: Database, id: string, vitals: Vitals): Promise<void> {
  const isSame = sql`${instances.policyVersion} = excluded.policy_version`;
  const policyAt = sql`case when ${isSame} then ${instances.policyAt} else clock_timestamp() end`;
  const storeAwayAt = vitals.isStoreAway ? sql`coalesce(${instances.storeAwayAt}, clock_timestamp())` : null;
  await db
    .insert(instances)
    .values({ id, ...vitals, storeAwayAt: vitals.isStoreAway ? sql`clock_timestamp()` : null })
    .onConflictDoUpdate({ target: instances.id, set: { ...vitals, policyAt, storeAwayAt, seenAt: sql`now()` } });
}

export async function leave(db: Database, id: string): Promise<void> {
  await db.delete(instances).where(eq(instances.id, id));
  await db.delete(instances).where(lt(instances.seenAt, FORGOTTEN));
}

/** The processes alive: their number, how many enforce at least this version, and their sums. */
export async function countInstances(db: Database, version: number) {
  const current = sql<number>`(count(*) filter (where ${instances.policyVersion} >= ${version}))::int`;
  const [row] = await db
    .select({
      alive: sql<number>`count(*)::int`,
      current,
      openCalls: sql<number>`coalesce(sum(${instances.openCalls}), 0)::int`,
      /** the slowest process's */
      decisionP95Ms: sql<number | null>`max(${instances.decisionP95Ms})`,
      storeAway: sql<number>`(count(*) filter (where ${instances.isStoreAway}))::int`,
      /** since when the first of them has been without its store */
      storeAwayAt: sql<Date | null>`min(${instances.storeAwayAt})`.mapWith(instances.storeAwayAt),
    })
    .from(instances)
    .where(sql`${instances.seenAt} > ${ALIVE}`);
  return row ?? { alive: 0, current: 0, openCalls: 0, decisionP95Ms: null, storeAway: 0, storeAwayAt: null };
}

/** The server's clock, epoch ms. */
export async function databaseTime(db: Database): Promise<number> {
  const { rows } = await db.execute<{ ms: number }>(
    sql`select floor(extract(epoch from clock_timestamp()) * 1000)::float8 as ms`,
  );
  const [row] = rows;
  if (row === undefined) throw new Error("the database tells no time");
  return row.ms;
}

/** The queues of the processes alive, as they report them. */
export async function livingQueues(db: Database): Promise<{ id: string; queue: unknown }[]> {
  return db
    .select({ id: instances.id, queue: instances.queue })
    .from(instances)
    .where(sql`${instances.seenAt} > ${ALIVE} and ${instances.queue} is not null`);
}

export async function readSetting(db: Database, name: string): Promise<string | null> {
  const [row] = await db.select().from(settings).where(eq(settings.name, name));
  return row?.value ?? null;
}

export async function writeSetting(db: Database, name: string, value: string): Promise<void> {
  await db.insert(settings).values({ name, value }).onConflictDoUpdate({ target: settings.name, set: { value } });
}

/** The stored value of a setting. If there is none, stores `value` first. */
export async function settingOnce(db: Database, name: string, value: string): Promise<string> {
  await db.insert(settings).values({ name, value }).onConflictDoNothing();
  const [row] = await db.select().from(settings).where(eq(settings.name, name));
  return row?.value ?? value;
}
