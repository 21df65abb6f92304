import { type SQL, sql } from "drizzle-orm";
import { requestIdAt } from "@/lib/request-id";
import type { Database } from "../../client";
import { ledger, refusedCalls } from "../../schema/books";

/** One call for the replay, by position: only this form reads a million of them in seconds. */
export type PastRow = readonly [
  beganAt: number,
  endedAt: number,
  tenantId: string,
  keyFamilyId: string,
  userDigest: string,
  feature: string | null,
  endpoint: string,
  model: string,
  providerId: string,
  clientAddress: string,
  reservedInput: number,
  reservedOutput: number,
  input: number,
  output: number,
  costMicroUsd: number,
  inputPrice: number,
  outputPrice: number,
  priority: string,
  permits: number,
  heldFees: number,
  session: string | null,
  agent: string | null,
  tags: string | null,
];

/** The position of each member of a past row. */
export const PAST = {
  beganAt: 0,
  endedAt: 1,
  tenantId: 2,
  keyFamilyId: 3,
  userDigest: 4,
  feature: 5,
  endpoint: 6,
  model: 7,
  providerId: 8,
  clientAddress: 9,
  reservedInput: 10,
  reservedOutput: 11,
  input: 12,
  output: 13,
  costMicroUsd: 14,
  inputPrice: 15,
  outputPrice: 16,
  priority: 17,
  permits: 18,
  heldFees: 19,
  session: 20,
  agent: 21,
  tags: 22,
} as const satisfies Readonly<Record<string, keyof PastRow>>;

/** Calls of some tenants that began since a moment, in order; the latest `most` of them. */
export async function pastCalls(
  db: Database,
  input: { tenantIds: readonly string[]; since: Date; most: number },
): Promise<PastRow[]> {
  const ids = arrayOf(input.tenantIds);
  const { rows } = await db.execute<{ calls: PastRow[] | null }>(sql`
    select json_agg(json_build_array(
      (extract(epoch from admitted_at) * 1000)::bigint, (extract(epoch from ended_at) * 1000)::bigint, tenant_id, key_family_id,
      user_digest, feature, endpoint, served_model, provider_id, client_address,
      coalesce(reserved_input_tokens, estimated_input_tokens), reserved_output_tokens,
      input_tokens, output_tokens, cost_micro_usd, input_price, output_price, priority, permits, held_fees_micro_usd, session, agent, tags)) as calls
    from (
      select * from (
        select * from ${ledger} where tenant_id = any(${ids}) and ended_at >= ${input.since.toISOString()}::timestamptz
        order by ended_at desc limit ${input.most}
      ) latest order by admitted_at
    ) past group by date_trunc('hour', admitted_at) order by date_trunc('hour', admitted_at)`);
  return rows.flatMap((row) => row.calls ?? []);
}

/**
 * Stored calls that limits refused since a moment, in order. They never ran: what they requested stands for their use,
 * and `lastsMs` for their duration.
 */
export async function pastRefused(
  db: Database,
  input: { tenantIds: readonly string[]; since: Date; most: number; lastsMs: number },
): Promise<PastRow[]> {
  const { rows } = await db.execute<{ calls: PastRow[] | null }>(sql`
    select json_agg(json_build_array(
      began, began + ${input.lastsMs}::bigint, tenant_id, key_family_id,
      user_digest, feature, endpoint, model, provider_id, client_address, estimated_input_tokens, reserved_output_tokens,
      estimated_input_tokens, reserved_output_tokens,
      ceil((estimated_input_tokens * input_price + reserved_output_tokens * output_price) / 1000000.0)::bigint + held_fees_micro_usd,
      input_price, output_price, priority, permits, held_fees_micro_usd, session, agent, tags)) as calls
    from (
      select * from (
        select *, (extract(epoch from at) * 1000)::bigint as began from ${refusedCalls}
        where tenant_id = any(${arrayOf(input.tenantIds)}) and request_id >= ${requestIdAt(input.since.getTime())}
          and met <> '[]'::jsonb
        order by request_id desc limit ${input.most}
      ) latest order by began
    ) past`);
  return rows.flatMap((row) => row.calls ?? []);
}

function arrayOf(ids: readonly string[]): SQL {
  return sql`array[${sql.join(
    ids.map((id) => sql`${id}`),
    sql`, `,
  )}]::text[]`;
}
