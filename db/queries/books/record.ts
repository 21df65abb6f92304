import { getTableColumns, type Name, type SQL, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { ledger, usage } from "../../schema/books";
import { budgetEvents, budgetSpend, budgets } from "../../schema/budgets";
import { writtenOnce } from "../../written-once";
import { amountInForce, spendOf } from "./budget-spend";
import { labelSums } from "./label-sums";

export type LedgerInsert = typeof ledger.$inferInsert;

/**
 * Writes each row once. With every new row it adds to the sums for charts and to the spend of its budgets, and records
 * thresholds that this passed. One statement, so all of it succeeds or fails together; a repeated drain finds nothing
 * new and adds nothing. If another process took a call for dead and booked it as crashed, its row is corrected to its
 * real end, and its earlier part of the sums is taken back. The same holds for a batch, which is booked at its
 * submission with its maximum use.
 */
export async function insertLedger(db: Database, rows: readonly LedgerInsert[]): Promise<void> {
  if (rows.length === 0) return;
  // One parameter for the whole batch: a placeholder per value costs more CPU here than all other work on a call.
  await db.execute(insertOf(`[${rows.map(ledgerText).join(",")}]`));
}

const insertOf = writtenOnce(
  (json) => sql`
    with incoming as (select ${VALUES} from jsonb_to_recordset(${json}::jsonb) r(${MEMBERS})),
    inserted as (insert into ${ledger} (${NAMES}) select ${NAMES} from incoming on conflict do nothing returning *),
    ended as (select * from incoming where ending not in (${PROVISIONAL})),
    mistaken as (
      select l.* from ${ledger} l join ended using (request_id) where l.ending in (${PROVISIONAL}) for update of l
    ),
    corrected as (
      update ${ledger} l set input_tokens = e.input_tokens, cached_input_tokens = e.cached_input_tokens,
        output_tokens = e.output_tokens, usage_source = e.usage_source, cost_micro_usd = e.cost_micro_usd,
        ending = e.ending, upstream_status = e.upstream_status, upstream_headers_ms = e.upstream_headers_ms,
        first_token_ms = e.first_token_ms,
        total_ms = e.total_ms, ended_at = e.ended_at, cost_lines = e.cost_lines, service_tier = e.service_tier
      -- By way of the locked rows: those that are changed first would no longer be found as they were.
      from mistaken m join ended e using (request_id) where l.request_id = m.request_id returning l.*
    ),
    fresh as (
      select *, 1 as sign from inserted union all select *, 1 from corrected
      union all select *, -1 from mistaken
    ),
    minutes as (${sumsInto("minute")}),
    hours as (${sumsInto("hour")}),
    key_hours as (${sumsInto("key_hour")}),
    days as (${sumsInto("day")}),
    users as (${sumsInto("user")}),
    labels as (${labelSums()}),
    sums as (${spendOf(sql`fresh`, sql`${budgets}`)}),
    spent as (
      insert into ${budgetSpend} select budget_id, subject, period_start, spent, calls from sums
      order by budget_id, period_start, subject
      on conflict (budget_id, period_start, subject) do update set
        spent_micro_usd = ${budgetSpend}.spent_micro_usd + excluded.spent_micro_usd,
        calls = ${budgetSpend}.calls + excluded.calls
      returning budget_id, subject, period_start, spent_micro_usd as after
    ),
    levels as (
      select spent.*, b.thresholds, ${amountInForce(sql`b`, sql`spent.period_start`)} as amount,
        -- Of a rolling window, the part of the previous one that still counts, if it was spent evenly.
        coalesce(prior.spent_micro_usd * greatest(0, 1 - extract(epoch from now() - spent.period_start) / b.window_seconds), 0) as earlier
      from spent
      join ${budgets} b on b.id = spent.budget_id
      left join ${budgetSpend} prior on b.period = 'rolling' and prior.budget_id = b.id and prior.subject = spent.subject
        and prior.period_start = spent.period_start - make_interval(secs => b.window_seconds)
    )
    insert into ${budgetEvents} (budget_id, subject, period_start, percent, action, spent_micro_usd, amount_micro_usd)
    select budget_id, subject, period_start, (step->>'percent')::real, step->>'action', after + earlier, amount
    from levels, jsonb_array_elements(thresholds) step
    -- Also those that an edit of the amount has passed: each is reported once, by its unique index.
    where amount * (step->>'percent')::numeric / 100 <= after + earlier
    order by budget_id, subject, (step->>'percent')::numeric
    on conflict do nothing`,
);

/** Endings of rows that are booked again when their real ending is known. */
const PROVISIONAL = sql`'crashed', 'submitted'`;

/** The dimensions of each grain of the sums; the time unit is PostgreSQL's. */
const GRAINS = {
  minute: { unit: "minute", hasKey: false, hasUser: false },
  hour: { unit: "hour", hasKey: false, hasUser: false },
  key_hour: { unit: "hour", hasKey: true, hasUser: false },
  day: { unit: "day", hasKey: true, hasUser: false },
  user: { unit: "day", hasKey: false, hasUser: true },
} as const;

function sumsInto(grain: keyof typeof GRAINS): SQL {
  const { unit, hasKey, hasUser } = GRAINS[grain];
  const nothing = sql`''`;
  // There are too many users to store them by model too.
  const model = hasUser ? nothing : sql`served_model`;
  const [key, feature] = hasKey ? [sql`key_family_id`, sql`coalesce(feature, '')`] : [nothing, nothing];
  return sql`
    insert into ${usage} select ${grain}::text, date_trunc(${unit}, ended_at, 'UTC'), tenant_id, ${model},
      ${key}, ${feature}, ${hasUser ? sql`user_digest` : nothing},
      sum(sign), coalesce(sum(sign) filter (where ending not in ('complete', 'submitted')), 0),
      coalesce(sum(sign) filter (where degradation is not null), 0), sum(sign * input_tokens),
      sum(sign * cached_input_tokens), sum(sign * output_tokens), sum(sign * cost_micro_usd)
    from fresh group by 1, 2, 3, 4, 5, 6, 7 order by 1, 2, 3, 4, 5, 6, 7
    on conflict (grain, bucket, tenant_id, model, key_family_id, feature, user_digest) do update set
      calls = ${usage}.calls + excluded.calls, broken = ${usage}.broken + excluded.broken,
      degraded = ${usage}.degraded + excluded.degraded, input_tokens = ${usage}.input_tokens + excluded.input_tokens,
      cached_input_tokens = ${usage}.cached_input_tokens + excluded.cached_input_tokens,
      output_tokens = ${usage}.output_tokens + excluded.output_tokens,
      cost_micro_usd = ${usage}.cost_micro_usd + excluded.cost_micro_usd`;
}

const COLUMNS = Object.entries(getTableColumns(ledger));
const NAMES = joined(([, column]) => sql.identifier(column.name));
/** A row's members in its JSON form. */
const MEMBERS = joined(([member, column]) => sql`${sql.identifier(member)} ${typeOf(column.getSQLType())}`);
/** A left-out column would be stored as null, not as its default. */
const VALUES = joined(([member, { name, default: preset }]) => {
  const value = sql`r.${sql.identifier(member)}`;
  const stored = preset === undefined || preset === null ? value : sql`coalesce(${value}, ${preset})`;
  return sql`${stored} as ${sql.identifier(name)}`;
});

function typeOf(name: string): SQL {
  switch (name) {
    case "text":
      return sql`text`;
    case "boolean":
      return sql`boolean`;
    case "integer":
      return sql`integer`;
    case "bigint":
      return sql`bigint`;
    case "jsonb":
      return sql`jsonb`;
    case "timestamp with time zone":
      return sql`timestamptz`;
    default:
      throw new Error(`the ledger has a column of a type that is not read from JSON: ${name}`);
  }
}

function joined(part: (column: (typeof COLUMNS)[number]) => SQL | Name): SQL {
  return sql.join(COLUMNS.map(part), sql`, `);
}

/** A row as JSON: written once for the journal and the database, because every call has one. */
export function ledgerText(row: LedgerInsert): string {
  const known = TEXTS.get(row);
  if (known !== undefined) return known;
  const text = JSON.stringify(row);
  TEXTS.set(row, text);
  return text;
}

const TEXTS = new WeakMap<LedgerInsert, string>();
