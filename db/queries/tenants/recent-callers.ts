import { sql } from "drizzle-orm";
import type { Database } from "../../client";
import { ledger, refusedCalls } from "../../schema/books";

/** Maximum of newest calls to read, so that a busy tenant costs no more than a quiet one. */
const CALLS_MAX = 3000;
const CALLERS_MAX = 50;

export type RecentCaller = { readonly kind: "key" | "user" | "feature"; readonly id: string; readonly calls: number };

/** The keys (by family), users (by digest) and features of a tenant's newest calls since a moment, busiest of each first. */
export async function recentCallers(db: Database, { tenantId, since }: { tenantId: string; since: Date }) {
  const from = since.toISOString();
  const { rows } = await db.execute<RecentCaller>(sql`
    with calls as (
      (select key_family_id, user_digest, feature from ${ledger}
        where tenant_id = ${tenantId} and ended_at >= ${from}::timestamptz order by ended_at desc limit ${CALLS_MAX})
      union all
      (select key_family_id, user_digest, feature from ${refusedCalls}
        where tenant_id = ${tenantId} and at >= ${from}::timestamptz order by request_id desc limit ${CALLS_MAX})
    ), named as (
      select 'key' as kind, key_family_id as id from calls
      union all select 'user', user_digest from calls
      union all select 'feature', feature from calls
    ), ranked as (
      select kind, id, count(*)::int as calls, row_number() over (partition by kind order by count(*) desc, id) as place
        from named where id <> '' group by kind, id
    )
    select kind, id, calls from ranked where place <= ${CALLERS_MAX} order by kind, place`);
  return rows;
}
