import { type SQL, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { BOOK_NAMES, fits, hasKind, type LogFilter, linesOf, within } from "./log";

/** Dimensions by which the log's calls can be summed. */
export const SUM_SPLITS = [
  "key",
  "tenant",
  "user",
  "model",
  "feature",
  "session",
  "agent",
  "tag",
  "endpoint",
  "address",
  "outcome",
] as const;
export type SumSplit = (typeof SUM_SPLITS)[number];

export const SUM_ORDERS = ["cost", "calls", "tokens", "failed", "refused"] as const;
export type SumOrder = (typeof SUM_ORDERS)[number];

/** The sums of one value's calls. Tokens and money are those of calls that reached a provider. */
export type LogSum = {
  /** empty when it spans tenants */
  readonly tenantId: string;
  /** empty: calls without a value */
  readonly value: string;
  /** that reached a provider */
  readonly calls: number;
  /** of these */
  readonly failed: number;
  /** by a limit or a brake, or denied before that */
  readonly refused: number;
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly costMicroUsd: number;
};

/** Maximum rows summed of each book: more than an hour at two million calls a day. */
export const SUMMED_MAX = 100_000;

/** Values that a tenant's callers choose have a meaning only within that tenant. */
const VALUES: Readonly<Record<SumSplit, { readonly value: SQL; readonly isOfTenant: boolean }>> = {
  tenant: { value: sql`"tenantId"`, isOfTenant: true },
  key: { value: sql`"keyId"`, isOfTenant: true },
  user: { value: sql`"userDigest"`, isOfTenant: true },
  feature: { value: sql`coalesce(feature, '')`, isOfTenant: true },
  session: { value: sql`coalesce(session, '')`, isOfTenant: true },
  agent: { value: sql`coalesce(agent, '')`, isOfTenant: true },
  tag: { value: sql`unnest(string_to_array(coalesce(tags, ''), ','))`, isOfTenant: true },
  model: { value: sql`coalesce("servedModel", "askedModel")`, isOfTenant: false },
  endpoint: { value: sql`endpoint`, isOfTenant: false },
  address: { value: sql`address`, isOfTenant: false },
  outcome: { value: sql`outcome`, isOfTenant: false },
};

const ORDERS: Readonly<Record<SumOrder, SQL>> = {
  cost: sql`"costMicroUsd"`,
  calls: sql`calls`,
  tokens: sql`"inputTokens" + "outputTokens"`,
  failed: sql`failed`,
  refused: sql`refused`,
};

/**
 * The first request id of the sums: the filter's own, or a later one if a book has more rows than are summed. Every
 * book is summed from there, so that all sums cover the same time.
 */
export async function summedFrom(db: Database, filter: LogFilter, most = SUMMED_MAX): Promise<string> {
  const firsts = await Promise.all(
    BOOK_NAMES.map(async (book) => {
      const { rows } = await db.execute<{ id: string }>(
        sql`select request_id as id ${within(book, filter)} order by request_id desc offset ${most} limit 1`,
      );
      // The row at the bound is not summed: ids are hexadecimal, and a longer one is the next.
      return rows.map(({ id }) => `${id}0`);
    }),
  );
  return [filter.fromId, ...firsts.flat()].sort().at(-1) ?? filter.fromId;
}

/** The matching calls, summed by one dimension; largest first, at most `most`, with the total number. */
export async function sumsOf(
  db: Database,
  filter: LogFilter,
  { by, order, most }: { readonly by: SumSplit; readonly order: SumOrder; readonly most: number },
): Promise<{ sums: LogSum[]; total: number }> {
  const { rows } = await db.execute<Record<keyof LogSum | "total", string>>(sumsQuery(filter, { by, order, most }));
  const sums = rows.map(({ tenantId, value, total: _total, ...figures }) => ({
    tenantId,
    value,
    calls: Number(figures.calls),
    failed: Number(figures.failed),
    refused: Number(figures.refused),
    inputTokens: Number(figures.inputTokens),
    outputTokens: Number(figures.outputTokens),
    costMicroUsd: Number(figures.costMicroUsd),
  }));
  return { sums, total: Number(rows[0]?.total ?? 0) };
}

/** The query of `sumsOf`. */
export function sumsQuery(
  filter: LogFilter,
  { by, order, most }: { readonly by: SumSplit; readonly order: SumOrder; readonly most: number },
): SQL {
  const { value, isOfTenant } = VALUES[by];
  const books = BOOK_NAMES.filter((book) => hasKind(book, filter.kind));
  const lines = sql.join(
    books.map((book) => sql`(${linesOf(book, filter)})`),
    sql` union all `,
  );
  const sum = (figure: SQL, where: SQL) => sql`coalesce(sum(${figure}) filter (where ${where}), 0)`;
  return sql`
    with summed as (
      select ${isOfTenant ? sql`"tenantId"` : sql`''::text`} as "tenantId", ${value} as value,
        ${sum(sql`count`, REACHED)} as calls, ${sum(sql`count`, sql`kind = 'failed'`)} as failed,
        ${sum(sql`count`, sql`not ${REACHED}`)} as refused, ${sum(sql`"inputTokens"`, REACHED)} as "inputTokens",
        ${sum(sql`"outputTokens"`, REACHED)} as "outputTokens", ${sum(sql`"costMicroUsd"`, REACHED)} as "costMicroUsd"
      from (${lines}) lines where ${fits(filter)} group by 1, 2
    )
    select *, count(*) over () as total from summed order by ${ORDERS[order]} desc, calls desc, value, "tenantId" limit ${most}`;
}

const REACHED = sql`kind in ('served', 'failed')`;
