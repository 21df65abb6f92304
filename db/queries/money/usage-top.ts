import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { labelUsage, usage } from "../../schema/books";
import { isLabel, labelRange } from "./label-usage";
import { rangeOf, SPLIT_COLUMNS, type UsageFigures, type UsageRange, type UsageSplit } from "./usage";

const FIGURES = [
  "calls",
  "broken",
  "degraded",
  "input_tokens",
  "cached_input_tokens",
  "output_tokens",
  "cost_micro_usd",
];
const FIGURE_NAMES = sql.join(
  FIGURES.map((name) => sql.identifier(name)),
  sql`, `,
);

/** `merged` > 0: the sum of other subjects, so many in the whole range, and `subject` is empty. */
export type TopRow = UsageFigures & {
  /** null = of the whole range */
  readonly bucket: Date | null;
  readonly subject: string;
  readonly merged: number;
};

/**
 * The `most` subjects with the highest cost over the whole range, and the sum of all others: a day of thousands of
 * tenants has tens of thousands of sums, and nobody reads them all. A bucket has the first `drawn` of them, and the sum
 * of all others; 0 = no buckets. The range is read once for the subjects and once for the buckets: sums of each subject
 * in each bucket would not fit into a server's memory for one query, and go to its disk.
 */
export async function usageTop(
  db: Database,
  input: UsageRange & { readonly by: UsageSplit; readonly most: number; readonly drawn: number },
): Promise<{ totals: TopRow[]; rows: TopRow[] }> {
  const { rows } = await db.execute<Record<string, string | number | null> & { readonly at: string | null }>(
    topQuery(input),
  );
  const shown = rows.map(
    (row): TopRow => ({
      bucket: row.at === null ? null : new Date(row.at),
      subject: String(row.subject),
      merged: Number(row.merged),
      calls: Number(row.calls),
      broken: Number(row.broken),
      degraded: Number(row.degraded),
      inputTokens: Number(row.input_tokens),
      cachedInputTokens: Number(row.cached_input_tokens),
      outputTokens: Number(row.output_tokens),
      costMicroUsd: Number(row.cost_micro_usd),
    }),
  );
  return { totals: shown.filter((row) => row.bucket === null), rows: shown.filter((row) => row.bucket !== null) };
}

/** The query of `usageTop`. */
export function topQuery(
  input: UsageRange & { readonly by: UsageSplit; readonly most: number; readonly drawn: number },
): SQL {
  const { most, drawn } = input;
  const buckets = sql`
    union all
    select to_char(bucket at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), place, subject, merged, ${FIGURE_NAMES}
    from (
      select bucket, coalesce(place, ${drawn}::int + 1) as place, coalesce(firsts.subject, '') as subject,
        case when place is null then (select count(*) from ranked) - ${drawn}::int else 0 end as merged, ${sums(sql`found`)}
      from (${sumsIn(input)}) found
      left join (select subject, place from ranked where place <= ${drawn}::int) firsts on firsts.subject = found.subject
      group by bucket, place, firsts.subject
    ) per`;
  return sql`
    with ranked as materialized (
      select *, row_number() over (order by cost_micro_usd desc, subject) as place
      from (select subject, ${sums(sql`per`)} from (${sumsIn(input)}) per group by 1) totals
    )
    select null::text as at, least(place, ${most}::int + 1) as place,
      case when place <= ${most}::int then subject else '' end as subject,
      count(*) filter (where place > ${most}::int) as merged, ${sums(sql`ranked`)}
    from ranked group by 1, 2, 3
    ${drawn === 0 ? sql`` : buckets}
    order by 1 nulls first, 2`;
}

function sums(of: SQL): SQL {
  return sql.join(
    FIGURES.map((name) => sql`sum(${of}.${sql.identifier(name)})::bigint as ${sql.identifier(name)}`),
    sql`, `,
  );
}

/** The stored sums of the range, by bucket and subject. */
function sumsIn(input: UsageRange & { readonly by: UsageSplit }): SQL {
  const { by, grain } = input;
  if (!isLabel(by))
    return sql`select bucket, ${SPLIT_COLUMNS[by]} as subject, ${FIGURE_NAMES} from ${usage} where ${rangeOf(input, by)}`;
  return sql`select date_trunc(${grain}, bucket, 'UTC') as bucket, label as subject, ${FIGURE_NAMES}
    from ${labelUsage} where ${labelRange({ ...input, by })}`;
}
