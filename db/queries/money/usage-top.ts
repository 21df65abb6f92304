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
  const { by, most, drawn } = input;
  // There are few models: their sums per bucket are made once.
  const isFew = by === "model";
  const found = isFew ? sql`per_bucket` : sql`(${sumsIn(input)})`;
  const perBucket = sql`per_bucket as materialized (select bucket, subject, ${sums(sql`stored`)} from (${sumsIn(input)}) stored group by 1, 2),`;
  const buckets = sql`
    union all
    select to_char(bucket at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), place, subject, merged, ${figuresOf("buckets")}
    from (
      select bucket, coalesce(place, ${drawn}::int + 1) as place, coalesce(firsts.subject, '') as subject,
        case when place is null then (select count(*) from ranked) - ${drawn}::int else 0 end as merged, ${sums(sql`found`)}
      from ${found} found
      left join (select subject, place from ranked where place <= ${drawn}::int) firsts on firsts.subject = found.subject
      group by bucket, place, firsts.subject
    ) buckets`;
  return sql`
    with ${isFew ? perBucket : sql``} ranked as materialized (
      select *, row_number() over (order by cost_micro_usd desc, subject) as place
      from (select subject, ${sums(sql`found`)} from ${found} found group by 1) totals
    )
    select null::text as at, least(place, ${most}::int + 1) as place,
      case when place <= ${most}::int then subject else '' end as subject,
      count(*) filter (where place > ${most}::int) as merged, ${sums(sql`ranked`)}
    from ranked group by 1, 2, 3
    ${drawn === 0 ? sql`` : buckets}
    order by 1 nulls first, 2`;
}

function figuresOf(table: string): SQL {
  return sql.join(
    FIGURES.map((name) => sql`${sql.identifier(table)}.${sql.identifier(name)}`),
    sql`, `,
  );
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
    return sql`select bucket, ${SPLIT_COLUMNS[by]} as subject, ${figuresOf("usage")} from ${usage} where ${rangeOf(input, by)}`;
  return sql`select date_trunc(${grain}, bucket, 'UTC') as bucket, label as subject, ${figuresOf("label_usage")}
    from ${labelUsage} where ${labelRange({ ...input, by })}`;
}
