import { type SQL, sql } from "drizzle-orm";
import { labelUsage } from "../../schema/books";

/** Adds the rows of `fresh` to the sums by callers' names. A call without names is in none. */
export function labelSums(): SQL {
  return sql`
    insert into ${labelUsage} select kind, date_trunc('hour', ended_at, 'UTC'), tenant_id, label,
      sum(sign), coalesce(sum(sign) filter (where ending not in ('complete', 'submitted')), 0),
      coalesce(sum(sign) filter (where degradation is not null), 0), sum(sign * input_tokens),
      sum(sign * cached_input_tokens), sum(sign * output_tokens), sum(sign * cost_micro_usd)
    from fresh, lateral (select 'session' as kind, session as label union all select 'agent', agent
      union all select 'tag', unnest(string_to_array(tags, ','))) named
    where label is not null group by 1, 2, 3, 4 order by 1, 2, 3, 4
    on conflict (kind, bucket, tenant_id, label) do update set
      calls = ${labelUsage}.calls + excluded.calls, broken = ${labelUsage}.broken + excluded.broken,
      degraded = ${labelUsage}.degraded + excluded.degraded,
      input_tokens = ${labelUsage}.input_tokens + excluded.input_tokens,
      cached_input_tokens = ${labelUsage}.cached_input_tokens + excluded.cached_input_tokens,
      output_tokens = ${labelUsage}.output_tokens + excluded.output_tokens,
      cost_micro_usd = ${labelUsage}.cost_micro_usd + excluded.cost_micro_usd`;
}
