import pg from "pg";
import { startEmbeddedPostgres } from "@/db/embedded/postgres";
import { requestIdAt } from "@/lib/request-id";

/** How much there is to be of everything. */
export type Size = {
  readonly tenants: number;
  readonly keysPerTenant: number;
  /** ledger rows, spread evenly over the last `hours` */
  readonly calls?: number;
  readonly hours?: number;
  /** how long ago the last of them ended */
  readonly endedMinutesAgo?: number;
};

/** Fills the embedded database of a running installation with its own data folder. */
export async function fill(dataDir: string, size: Size): Promise<void> {
  // It runs already: this finds it.
  const { url } = await startEmbeddedPostgres(dataDir);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await fillDatabase(client, size).finally(() => client.end());
}

/**
 * Tenants `many-1` … of the standard tier with their keys, and calls of all of them with the sums that charts read. All
 * of it by the database itself: a million rows take seconds. Deterministic but for the time.
 */
export async function fillDatabase(client: pg.Client, size: Size): Promise<void> {
  const { tenants, keysPerTenant, calls = 0, hours = 1, endedMinutesAgo = 0 } = size;
  await client.query(
    `insert into tenants (id, slug, name, tier_id)
     select 'tenant_many_' || n, 'many-' || n, 'Many ' || lpad(n::text, 6, '0'), 'tier_standard' from generate_series(1, $1::int) n`,
    [tenants],
  );
  await client.query(
    `insert into keys (id, tenant_id, family_id, name, environment, hmac, pepper_version, last4)
     select 'MANY' || lpad(n::text, 8, '0'), 'tenant_many_' || (1 + (n - 1) % $1::int), 'fam_many_' || n, 'Many key ' || n,
       'production', md5(n::text) || md5(n::text), 1, lpad((n % 10000)::text, 4, '0')
     from generate_series(1, $2::int) n`,
    [tenants, tenants * keysPerTenant],
  );
  if (calls > 0) await fillLedger(client, { tenants, keys: tenants * keysPerTenant, calls, hours, endedMinutesAgo });
  await client.query("insert into policy_versions (actor, change) values ('fill', 'tenants.create')");
  await client.query("analyze");
}

async function fillLedger(
  client: pg.Client,
  made: { tenants: number; keys: number; calls: number; hours: number; endedMinutesAgo: number },
): Promise<void> {
  const isMuch = made.calls >= MUCH;
  if (isMuch) await makeParts(client, made);
  const indexes = isMuch ? await dropIndexes(client) : [];
  await client.query(
    `insert into ledger (request_id, tenant_id, tier_id, key_id, key_family_id, user_digest, feature, endpoint, asked_model,
       served_model, provider_id, policy_version, stream, estimated_input_tokens, reserved_output_tokens, input_tokens,
       cached_input_tokens, output_tokens, usage_source, cost_micro_usd, input_price, cached_input_price, output_price,
       ending, upstream_status, upstream_headers_ms, total_ms, admitted_at, ended_at, instance_id, client_address)
     select 'req_' || lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || lpad(to_hex(n), 20, '0'),
       'tenant_many_' || t, 'tier_standard', 'MANY' || lpad(k::text, 8, '0'), 'fam_many_' || k, 'user_' || n % 997,
       (array[null, 'chat', 'search', 'draft'])[1 + n % 4], (array['chat', 'messages', 'responses'])[1 + n % 3], 'sim-small',
       (array['sim-small', 'sim-large', 'sim-vision'])[1 + n % 3], 'provider_simulator', 1, n % 2 = 0, 900, 500,
       400 + (n * 31) % 2000, 0, 50 + (n * 17) % 800, 'provider', 100 + (n * 13) % 5000, 150000, 75000, 600000,
       case when n % 50 = 0 then 'upstream_error' else 'complete' end, case when n % 50 = 0 then 500 else 200 end,
       100 + n % 900, 1200 + n % 3000, at, at + interval '1.5 seconds', 'i_fill', '10.0.' || n % 7 || '.' || n % 250
     from (select n, 1 + floor($1::int * power(((n * 2654435761) % 1000003) / 1000003.0, 3))::int as t,
         1 + (n * 7919) % $2::int as k, now() - $4::int * interval '1 hour' * (1 - n::float8 / $3::bigint) - $5::float8 * interval '1 minute' - interval '2 seconds' as at
       from generate_series(1::bigint, $3::bigint) n) x`,
    [made.tenants, made.keys, made.calls, made.hours, made.endedMinutesAgo],
  );
  for (const text of indexes) await client.query(text.replace(" ON ONLY ", " ON "));
  for (const grain of ["minute", "hour", "key_hour", "day"]) {
    await client.query(
      `insert into usage select $1, date_trunc(replace($1, 'key_', ''), ended_at, 'UTC'), tenant_id, served_model,
         case when $1 in ('key_hour', 'day') then key_family_id else '' end,
         case when $1 in ('key_hour', 'day') then coalesce(feature, '') else '' end, '',
         count(*), count(*) filter (where ending <> 'complete'), count(degradation), sum(input_tokens),
         sum(cached_input_tokens), sum(output_tokens), sum(cost_micro_usd)
       from ledger where tenant_id like 'tenant_many_%' group by 1, 2, 3, 4, 5, 6 on conflict do nothing`,
      [grain],
    );
  }
}

/** From here on, days of the ledger and indexes that are made afterwards save minutes. */
const MUCH = 500_000;
const DAY_MS = 86_400_000;

async function makeParts(client: pg.Client, made: { hours: number; endedMinutesAgo: number }): Promise<void> {
  const end = Date.now() - made.endedMinutesAgo * 60_000;
  const [first, last] = [end - made.hours * 3_600_000, end].map((ms) => Math.floor(ms / DAY_MS));
  for (let day = first ?? 0; day <= (last ?? 0); day++) {
    const name = `ledger_${new Date(day * DAY_MS).toISOString().slice(0, 10).replaceAll("-", "")}`;
    const { rows } = await client.query("select to_regclass($1) as there", [name]);
    if (rows[0]?.there !== null) continue;
    const bounds = [requestIdAt(day * DAY_MS), requestIdAt((day + 1) * DAY_MS)];
    await client.query("select make_ledger_part($1, $2, $3)", [name, ...bounds]);
  }
}

async function dropIndexes(client: pg.Client): Promise<string[]> {
  await client.query("set work_mem = '256MB'; set maintenance_work_mem = '512MB'; set synchronous_commit = off");
  const { rows } = await client.query<{ name: string; text: string }>(
    "select indexname as name, indexdef as text from pg_indexes where tablename = 'ledger' and indexname <> 'ledger_pkey'",
  );
  for (const { name } of rows) await client.query(`drop index "${name}"`);
  return rows.map(({ text }) => text);
}
