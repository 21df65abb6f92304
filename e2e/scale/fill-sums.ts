import type pg from "pg";

/** How long the product keeps minutes. */
const MINUTE_DAYS = 3;
/** One in so many calls has a refused one beside it. */
const REFUSED_ONE_IN = 50;

/** The sums of the filled ledger, in every grain that the product writes; coarse ones from fine ones. In the order of time, as calls write them. */
export async function fillUsage(client: pg.Client): Promise<void> {
  const sums = `sum(calls), sum(broken), 0, sum(input_tokens), 0, sum(output_tokens), sum(cost_micro_usd)`;
  const rows = `count(*), count(*) filter (where ending <> 'complete'), count(degradation), sum(input_tokens),
    sum(cached_input_tokens), sum(output_tokens), sum(cost_micro_usd)`;
  const ofKeys = (grain: string) => `select '${grain}', date_trunc('hour', ended_at, 'UTC'), tenant_id, served_model,
    key_family_id, coalesce(feature, ''), '', ${rows} from ledger where instance_id = 'i_fill' group by 2, 3, 4, 5, 6 order by 2`;
  const steps = [
    ofKeys("key_hour"),
    `select 'hour', bucket, tenant_id, model, '', '', '', ${sums} from usage
     where grain = 'key_hour' and tenant_id like 'tenant_many_%' group by 2, 3, 4 order by 2`,
    `select 'day', date_trunc('day', bucket, 'UTC'), tenant_id, model, key_family_id, feature, '', ${sums} from usage
     where grain = 'key_hour' and tenant_id like 'tenant_many_%' group by 2, 3, 4, 5, 6 order by 2`,
    `select 'minute', date_trunc('minute', ended_at, 'UTC'), tenant_id, served_model, '', '', '', ${rows} from ledger
     where instance_id = 'i_fill' and ended_at > now() - interval '${MINUTE_DAYS} days' group by 2, 3, 4 order by 2`,
    `select 'user', date_trunc('day', ended_at, 'UTC'), tenant_id, '', '', '', user_digest, ${rows} from ledger
     where instance_id = 'i_fill' group by 2, 3, 7 order by 2`,
  ];
  for (const step of steps) await client.query(`insert into usage ${step}`);
}

/** Refused calls, and their counts per minute. */
export async function fillRefusals(client: pg.Client): Promise<void> {
  await client.query(
    `insert into refused_calls (request_id, at, tenant_id, key_id, key_family_id, user_digest, feature, endpoint, asked_model,
       model, provider_id, estimated_input_tokens, reserved_output_tokens, input_price, output_price, stream, code, message,
       layer, dimension, limit_name, retry_after_ms, met, policy_version, client, client_address)
     select overlay(request_id placing 'f' from 17), admitted_at, tenant_id, key_id, key_family_id, user_digest, feature,
       endpoint, asked_model, asked_model, provider_id, estimated_input_tokens, reserved_output_tokens, input_price,
       output_price, stream, 'rate_limit_exceeded', 'Too many requests per minute.', 'tenant', 'requests',
       'requests-per-minute', 12000, '[]', 1, 'openai js 6.46.0', client_address
     from ledger where instance_id = 'i_fill' and ('x' || right(request_id, 7))::bit(28)::int % ${REFUSED_ONE_IN} = 1
     on conflict do nothing`,
  );
  await client.query(
    `insert into refusal_counts select date_trunc('minute', at, 'UTC'), tenant_id, code, layer, dimension, limit_name, count(*)
     from refused_calls where tenant_id like 'tenant_many_%' group by 1, 2, 3, 4, 5, 6 on conflict do nothing`,
  );
}
