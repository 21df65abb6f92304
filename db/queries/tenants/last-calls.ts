import { sql } from "drizzle-orm";
import type { Database } from "../../client";
import { ledger } from "../../schema/books";

/** The newest served call of each of some keys, of any tenants, by the index on key and request. */
export async function lastCallsOf(db: Database, keyIds: readonly string[]) {
  if (keyIds.length === 0) return [];
  const { rows } = await db.execute<{ key_id: string; address: string; model: string; at: string }>(sql`
    select wanted.key_id, last.client_address as address, last.served_model as model, last.ended_at as at
    from unnest(${sql.param([...keyIds])}::text[]) as wanted (key_id), lateral (
      select client_address, served_model, ended_at from ${ledger}
      where key_id = wanted.key_id order by request_id desc limit 1
    ) last`);
  return rows.map(({ key_id: keyId, address, model, at }) => ({ keyId, address, model, at: new Date(at) }));
}
