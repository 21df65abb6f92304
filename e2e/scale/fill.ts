import pg from "pg";
import { startEmbeddedPostgres } from "@/db/embedded/postgres";
import { requestIdAt } from "@/lib/request-id";
import { fillRefusals, fillUsage } from "./fill-sums";

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
 * of it by the database itself: ten million rows take minutes. Deterministic but for the time.
 */
export async function fillDatabase(client: pg.Client, size: Size): Promise<void> {
  const { tenants, keysPerTenant, calls = 0, hours = 1, endedMinutesAgo = 0 } = size;
  await client.query(
    `insert into tenants (id, slug, name, tier_id)
     select 'tenant_many_' || n, 'many-' || n, 'Many ' || lpad(n::text, 6, '0'), 'tier_standard' from generate_series(1, $1::int) n`,
    [tenants],
  );
  await client.query(
    `insert into keys (id, tenant_id, family_id, name, environment, hmac, pepper_version, last4, created_at, last_used_at)
     select 'MANY' || lpad(n::text, 8, '0'), 'tenant_many_' || (1 + (n - 1) % $1::int), 'fam_many_' || n, 'Many key ' || n,
       'production', md5(n::text) || md5(n::text), 1, lpad((n % 10000)::text, 4, '0'), now() - make_interval(hours => $3::int),
       case when $4::boolean then now() - make_interval(mins => (n % 60)::int) end
     from generate_series(1, $2::int) n`,
    [tenants, tenants * keysPerTenant, hours, calls > 0],
  );
  if (calls > 0) await fillLedger(client, { tenants, keysPerTenant, calls, hours, endedMinutesAgo });
  await client.query("insert into policy_versions (actor, change) values ('fill', 'tenants.create')");
  await client.query("analyze");
}

async function fillLedger(client: pg.Client, made: Made): Promise<void> {
  const isMuch = made.calls >= MUCH;
  if (isMuch) await makeParts(client, made);
  const waiting = isMuch ? await setIndexesAside(client) : [];
  await client.query(
    `insert into ledger (request_id, tenant_id, tier_id, key_id, key_family_id, user_digest, feature, endpoint, asked_model,
       served_model, provider_id, policy_version, stream, estimated_input_tokens, reserved_output_tokens, input_tokens,
       cached_input_tokens, output_tokens, usage_source, cost_micro_usd, input_price, cached_input_price, output_price,
       ending, upstream_status, upstream_headers_ms, first_token_ms, total_ms, admitted_at, ended_at, instance_id, client_address)
     select 'req_' || lpad(to_hex((extract(epoch from at) * 1000)::bigint), 12, '0') || lpad(to_hex(n), 20, '0'),
       'tenant_many_' || t, 'tier_standard', 'MANY' || lpad(k::text, 8, '0'), 'fam_many_' || k, 'user_' || n % 37,
       (array[null, 'chat', 'search', 'draft'])[1 + k / $2::int % 4], (array['chat', 'messages', 'responses'])[1 + n % 3], 'sim-small',
       -- A key has a model that it calls most.
       (array['sim-small', 'sim-large', 'sim-vision'])[1 + case when n % 5 = 0 then n / 5 else k end % 3], 'provider_simulator', 1, n % 2 = 0, 900, 500,
       400 + (n * 31) % 2000, 0, 50 + (n * 17) % 800, 'provider', 100 + (n * 13) % 5000, 150000, 75000, 600000,
       case when n % 50 = 0 then 'upstream_error' else 'complete' end, case when n % 50 = 0 then 500 else 200 end,
       100 + n % 900, case when n % 2 = 0 then 120 + n % 1000 end, 1200 + n % 3000, at, at + interval '1.5 seconds', 'i_fill', '10.0.' || n % 7 || '.' || n % 250
     from (select n, at, t, t + $1::int * (n / 7 % $2::int) as k
       from (select n, 1 + floor($1::int * power(((n * 2654435761) % 1000003) / 1000003.0::float8, 3))::int as t,
           now() - $4::int * interval '1 hour' * (1 - n::float8 / $3::bigint) - $5::float8 * interval '1 minute' - interval '2 seconds' as at
         from generate_series(1::bigint, $3::bigint) n) of_tenants) of_keys`,
    [made.tenants, made.keysPerTenant, made.calls, made.hours, made.endedMinutesAgo],
  );
  await fillUsage(client);
  await fillRefusals(client);
  for (const text of waiting) await client.query(text);
}

type Made = Required<Size>;

/** From here on, days of the ledger and indexes that are made afterwards save minutes. */
const MUCH = 500_000;
const DAY_MS = 86_400_000;

async function makeParts(client: pg.Client, made: Made): Promise<void> {
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

/** Drops what would be kept up to date row by row; returns the statements that make it again. */
async function setIndexesAside(client: pg.Client): Promise<string[]> {
  await client.query(
    "set work_mem = '512MB'; set maintenance_work_mem = '512MB'; set synchronous_commit = off; set max_parallel_maintenance_workers = 2",
  );
  const { rows } = await client.query<{ name: string; text: string; key: string | null; of: string }>(
    `select i.indexname as name, i.indexdef as text, i.tablename as of, pg_get_constraintdef(c.oid) as key
     from pg_indexes i left join pg_constraint c on c.conname = i.indexname and c.contype = 'p'
     where i.tablename in ('ledger', 'usage') and i.indexname <> 'ledger_pkey'`,
  );
  for (const { name, key, of } of rows)
    await client.query(key === null ? `drop index "${name}"` : `alter table "${of}" drop constraint "${name}"`);
  return rows.map(({ name, text, key, of }) =>
    key === null ? text.replace(" ON ONLY ", " ON ") : `alter table "${of}" add constraint "${name}" ${key}`,
  );
}
