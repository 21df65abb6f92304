import { sql } from "drizzle-orm";
import type { Database } from "../../client";
import { ledger, refusedCalls } from "../../schema/books";

/** Maximum of newest calls to read, so that a busy tenant costs no more than a quiet one. */
const CALLS_MAX = 3000;
const CALLERS_MAX = 50;

/** What a call is counted by, apart from its tenant and its endpoint. */
export const CALLER_KINDS = ["key", "user", "feature", "model", "session", "agent", "tag", "ip"] as const;

export type RecentCaller = {
  readonly kind: (typeof CALLER_KINDS)[number];
  readonly id: string;
  readonly calls: number;
};

/**
 * The keys (by family), users (by digest), features, models, sessions, agents, tags and client addresses of a tenant's
 * newest calls since a moment, busiest of each first.
 */
export async function recentCallers(db: Database, { tenantId, since }: { tenantId: string; since: Date }) {
  const from = since.toISOString();
  const { rows } = await db.execute<RecentCaller>(sql`
    with calls as (
      (select key_family_id, user_digest, feature, served_model as model, session, agent, tags, client_address from ${ledger}
        where tenant_id = ${tenantId} and ended_at >= ${from}::timestamptz order by ended_at desc limit ${CALLS_MAX})
      union all
      (select key_family_id, user_digest, feature, model, session, agent, tags, client_address from ${refusedCalls}
        where tenant_id = ${tenantId} and at >= ${from}::timestamptz order by request_id desc limit ${CALLS_MAX})
    ), named as (
      select 'key' as kind, key_family_id as id from calls
      union all select 'user', user_digest from calls
      union all select 'feature', feature from calls
      union all select 'model', model from calls
      union all select 'session', session from calls
      union all select 'agent', agent from calls
      union all select 'tag', unnest(string_to_array(tags, ',')) from calls
      union all select 'ip', client_address from calls
    ), ranked as (
      select kind, id, count(*)::int as calls, row_number() over (partition by kind order by count(*) desc, id) as place
        from named where id <> '' group by kind, id
    )
    select kind, id, calls from ranked where place <= ${CALLERS_MAX} order by kind, place`);
  return rows;
}
