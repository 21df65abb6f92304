import { and, eq, lt, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { alertChannels, alertDeliveries, alertRules, alerts } from "../../schema/alerts";
import { budgetEvents, budgets } from "../../schema/budgets";
import { removedObjects } from "../../schema/removed";

/** Each kind with the rows that its removal takes along. Spend is not kept: the ledger has it. */
const KINDS = {
  budget: { own: budgets, parts: budgetEvents, of: budgetEvents.budgetId, order: budgetEvents.seq },
  "alert-rule": { own: alertRules, parts: alerts, of: alerts.ruleId, order: alerts.startedAt },
  "alert-channel": {
    own: alertChannels,
    parts: alertDeliveries,
    of: alertDeliveries.channelId,
    order: alertDeliveries.seq,
  },
};

export type RemovedKind = keyof typeof KINDS;

/** The newest rows that belong to one object; older ones are lost with it. */
const PARTS_MAX = 5000;

/** Keeps an object as it is, in the transaction of its removal. Those that were removed before `until` are forgotten. */
export async function keepRemoved(
  tx: Database,
  { kind, id, now, until }: { kind: RemovedKind; id: string; now: Date; until: Date },
): Promise<void> {
  await forgetRemoved(tx, until);
  const { own, parts, of, order } = KINDS[kind];
  await tx.execute(sql`
    insert into ${removedObjects} (id, kind, content, removed_at)
    select own.id, ${kind}, jsonb_build_object('row', to_jsonb(own), 'parts', coalesce((
      select jsonb_agg(to_jsonb(part)) from (
        select * from ${parts} where ${of} = own.id order by ${order} desc limit ${PARTS_MAX}
      ) part), '[]'::jsonb)), ${now.toISOString()}::timestamptz
    from ${own} own where own.id = ${id}
    on conflict (id) do update set content = excluded.content, removed_at = excluded.removed_at`);
}

/** Forgets what was removed before a moment. */
export async function forgetRemoved(tx: Database, until: Date): Promise<void> {
  await tx.delete(removedObjects).where(lt(removedObjects.removedAt, until));
}

/** When an object was removed; null = it was not, or not since `since`. Locks it. */
export async function findRemoved(tx: Database, { kind, id, since }: { kind: RemovedKind; id: string; since: Date }) {
  const [row] = await tx
    .select({ removedAt: removedObjects.removedAt, content: removedObjects.content })
    .from(removedObjects)
    .where(and(eq(removedObjects.id, id), eq(removedObjects.kind, kind)))
    .for("update");
  return row === undefined || row.removedAt < since ? null : row;
}

/** Puts a removed object back, under its id and with its rows; false = another one has its name now. */
export async function putBack(tx: Database, { kind, id }: { kind: RemovedKind; id: string }): Promise<boolean> {
  const { own, parts } = KINDS[kind];
  const kept = sql`from ${removedObjects} kept where kept.id = ${id}`;
  const { rowCount } = await tx.execute(sql`
    insert into ${own} select (jsonb_populate_record(null::${own}, kept.content->'row')).* ${kept} on conflict do nothing`);
  if (rowCount !== 1) return false;
  await tx.execute(sql`
    insert into ${parts} select part.* from ${removedObjects} kept,
      jsonb_populate_recordset(null::${parts}, kept.content->'parts') part where kept.id = ${id} on conflict do nothing`);
  await tx.delete(removedObjects).where(eq(removedObjects.id, id));
  return true;
}
