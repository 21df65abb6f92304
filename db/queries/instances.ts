import { eq, lt, sql } from "drizzle-orm";
import type { Database } from "../client";
import { instances, settings } from "../schema/fleet";

/** Without a heartbeat for so long a process counts as gone. */
const ALIVE = sql`now() - interval '5 seconds'`;
const FORGOTTEN = sql`now() - interval '1 day'`;

export async function beat(db: Database, id: string, policyVersion: number): Promise<void> {
  const isSame = sql`${instances.policyVersion} = excluded.policy_version`;
  const policyAt = sql`case when ${isSame} then ${instances.policyAt} else clock_timestamp() end`;
  await db
    .insert(instances)
    .values({ id, policyVersion })
    .onConflictDoUpdate({ target: instances.id, set: { policyVersion, policyAt, seenAt: sql`now()` } });
}

export async function leave(db: Database, id: string): Promise<void> {
  await db.delete(instances).where(eq(instances.id, id));
  await db.delete(instances).where(lt(instances.seenAt, FORGOTTEN));
}

/** How many processes are alive, and how many of them enforce at least this version. */
export async function countInstances(db: Database, version: number): Promise<{ alive: number; current: number }> {
  const current = sql<number>`(count(*) filter (where ${instances.policyVersion} >= ${version}))::int`;
  const [row] = await db
    .select({ alive: sql<number>`count(*)::int`, current })
    .from(instances)
    .where(sql`${instances.seenAt} > ${ALIVE}`);
  return row ?? { alive: 0, current: 0 };
}

/** The stored value of a setting, storing `value` first when there is none. */
export async function settingOnce(db: Database, name: string, value: string): Promise<string> {
  await db.insert(settings).values({ name, value }).onConflictDoNothing();
  const [row] = await db.select().from(settings).where(eq(settings.name, name));
  return row?.value ?? value;
}
