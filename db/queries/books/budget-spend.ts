import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { ledger } from "../../schema/books";
import { budgetSpend, budgets } from "../../schema/budgets";

/** Rebooks a budget's spend of its current and last period from the ledger, in its edit's transaction and `lockBudgets`. */
export async function rebookBudget(tx: Database, id: string, since: Date): Promise<void> {
  await tx.execute(sql`delete from ${budgetSpend} where budget_id = ${id}`);
  await tx.execute(sql`
    insert into ${budgetSpend} select budget_id, subject, period_start, spent, calls
    from (${spendOf(admittedSince(since), sql`(select * from ${budgets} where id = ${id})`)}) sums`);
}

/**
 * What the calls of a rolling budget's window cost, by subject, largest first. From the ledger: its spend is booked by
 * aligned windows, and a window that rolls holds parts of two.
 */
export async function spentWithin(
  db: Database,
  { id, since, most }: { id: string; since: Date; most: number },
): Promise<SubjectSpend[]> {
  const { rows } = await db.execute<{ subject: string; spent: string; calls: string }>(sql`
    select subject, sum(spent)::bigint as spent, sum(calls)::bigint as calls
    from (${spendOf(admittedSince(since), sql`(select * from ${budgets} where id = ${id})`)}) sums
    group by subject order by 2 desc, 1 limit ${most}`);
  return rows.map(({ subject, spent, calls }) => ({ subject, spentMicroUsd: Number(spent), calls: Number(calls) }));
}

/** What the calls of one subject of a budget cost, micro-dollars. */
export type SubjectSpend = Pick<typeof budgetSpend.$inferSelect, "subject" | "spentMicroUsd" | "calls">;

/** Ledger rows by the time of admission. A call ends after it: `ended_at` has the index. */
function admittedSince(since: Date): SQL {
  const from = sql`${since.toISOString()}::timestamptz`;
  return sql`(select *, 1 as sign from ${ledger} where admitted_at >= ${from} and ended_at >= ${from})`;
}

/**
 * Blocks every drain until the transaction ends, so that no row is booked without this budget: drains write to this
 * table, and take its lock before they read anything. Readers of budgets or their spend, such as every change of the
 * policy, are not blocked.
 */
export async function lockBudgets(tx: Database): Promise<void> {
  await tx.execute(sql`lock table ${budgetSpend} in share row exclusive mode`);
}

/** What some ledger rows cost each of their budgets, per subject and period; `sign` -1 takes a row back. */
export function spendOf(rows: SQL, of: SQL): SQL {
  // The value of the budget's tag, as name=value.
  const tagOf = sql`(select tag from unnest(string_to_array(l.tags, ',')) tag
    where split_part(tag, '=', 1) = split_part(b.target, '=', 1))`;
  const part = sql`case b.level when 'user' then l.user_digest when 'key' then l.key_family_id when 'feature' then l.feature
    when 'session' then l.session when 'agent' then l.agent when 'tag' then ${tagOf} else l.served_model end`;
  return sql`
    select b.id as budget_id,
      case b.level when 'global' then '' when 'tenant' then l.tenant_id else ${part} end as subject,
      case when b.period = 'rolling'
        then to_timestamp(floor(extract(epoch from l.admitted_at) / b.window_seconds) * b.window_seconds)
        else date_trunc(b.period, l.admitted_at, b.time_zone) end as period_start,
      sum(l.sign * l.cost_micro_usd)::bigint as spent, sum(l.sign)::int as calls
    from ${rows} l join ${of} b on (b.tenant_id is null or b.tenant_id = l.tenant_id)
      and ${part} <> '' and (b.target_booked is null or b.target_booked = ${part})
    group by 1, 2, 3`;
}

/** A budget's amount plus what was carried into this period and its temporary raise. */
export function amountInForce(budget: SQL, periodStart: SQL): SQL {
  return sql`greatest(0, ${budget}.amount_micro_usd
    + case when ${budget}.raise_until > now() then ${budget}.raise_micro_usd else 0 end
    + case when ${budget}.carried_into = ${periodStart} then ${budget}.carried_micro_usd else 0 end)`;
}
