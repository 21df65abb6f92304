import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { labelUsage, usage } from "../../schema/books";
import { isLabel, labelRange } from "./label-usage";
import { rangeOf, SPLIT_COLUMNS, type UsageRange, type UsageSplit } from "./usage";

const FIGURES = [
  "calls",
  "broken",
  "degraded",
  "input_tokens",
  "cached_input_tokens",
  "output_tokens",
  "cost_micro_usd",
];

/** `merged` > 0: the sum of that many other subjects, and `subject` is empty. */
export type TopRow = {
  /** null = of the whole range */
  readonly bucket: Date | null;
  readonly subject: string;
  readonly merged: number;
  readonly calls: number;
  readonly broken: number;
  readonly degraded: number;
  readonly inputTokens: number;
  readonly cachedInputTokens: number;
  readonly outputTokens: number;
  readonly costMicroUsd: number;
};

/**
 * The `most` subjects with the highest cost over the whole range, and the sum of all others: a day of thousands of
 * tenants has tens of thousands of sums, and nobody reads them all. A bucket has the first `drawn` of them, and the sum
 * of all others. One read of the sums.
 */
export async function usageTop(
  db: Database,
  input: UsageRange & { readonly by: UsageSplit; readonly most: number; readonly drawn: number },
): Promise<{ totals: TopRow[]; rows: TopRow[] }> {
  const { most, drawn } = input;
  const { rows } = await db.execute<Record<string, string | number | null> & { readonly at: string | null }>(sql`
    with per as materialized (select bucket, subject, ${sums()} from (${sumsIn(input)}) per group by 1, 2),
    ranked as materialized (
      select *, row_number() over (order by cost_micro_usd desc, subject) as place
      from (select subject, ${sums()} from per group by 1) totals
    )
    select null::text as at, least(place, ${most + 1}) as place,
      case when place <= ${most} then subject else '' end as subject, ${merged(most)} as merged, ${sums()}
    from ranked per group by 1, 2, 3
    union all
    select to_char(bucket at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), least(place, ${drawn + 1}),
      case when place <= ${drawn} then subject else '' end, ${merged(drawn)}, ${sums()}
    from per join ranked using (subject) group by 1, 2, 3
    order by 1 nulls first, 2`);
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

/** How many subjects are in a row beyond the first `shown`. */
function merged(shown: number): SQL {
  return sql`count(*) filter (where place > ${shown})`;
}

function sums(): SQL {
  return sql.join(
    FIGURES.map((name) => sql`sum(per.${sql.identifier(name)})::bigint as ${sql.identifier(name)}`),
    sql`, `,
  );
}

/** The stored sums of the range, by bucket and subject. */
function sumsIn(input: UsageRange & { readonly by: UsageSplit }): SQL {
  const figures = sql.join(
    FIGURES.map((name) => sql.identifier(name)),
    sql`, `,
  );
  const { by, grain } = input;
  if (!isLabel(by))
    return sql`select bucket, ${SPLIT_COLUMNS[by]} as subject, ${figures} from ${usage} where ${rangeOf(input, by)}`;
  return sql`select date_trunc(${grain}, bucket, 'UTC') as bucket, label as subject, ${figures}
    from ${labelUsage} where ${labelRange({ ...input, by })}`;
}
