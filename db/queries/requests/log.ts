import { inArray, type SQL, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { ledger, refusedCalls } from "../../schema/books";
import { turnedAway } from "../../schema/turned-away";

/** served and failed calls reached a provider; refused: by a limit or a brake; denied: before any limit was checked. */
export const KINDS = ["served", "failed", "refused", "denied"] as const;
export type Kind = (typeof KINDS)[number];

/** The log's filters; null = everything. Ids as in the ledger. */
export type LogFilter = {
  readonly tenantId: string | null;
  /** only of these tenants; null = of all, and calls of no tenant */
  readonly among: readonly string[] | null;
  readonly keyId: string | null;
  readonly userDigest: string | null;
  readonly model: string | null;
  readonly endpoint: string | null;
  readonly feature: string | null;
  readonly session: string | null;
  readonly agent: string | null;
  /** name=value */
  readonly tag: string | null;
  readonly kind: Kind | null;
  /** how a call ended, or the error code of its refusal */
  readonly outcome: string | null;
  readonly limitName: string | null;
  readonly address: string | null;
  /** request ids: the first one included, and the first one after the end */
  readonly fromId: string;
  readonly toId: string;
};

/** One line of the log; fields that a kind of call lacks are null. */
export type LogRow = {
  readonly requestId: string;
  readonly kind: Kind;
  readonly tenantId: string;
  readonly keyId: string;
  readonly userDigest: string;
  readonly feature: string | null;
  readonly session: string | null;
  readonly agent: string | null;
  readonly tags: string | null;
  readonly endpoint: string;
  readonly askedModel: string;
  readonly servedModel: string | null;
  /** how it ended, or the error code */
  readonly outcome: string;
  /** of the provider's answer, or of ours for a denied call; null = follows from the code, or there was none */
  readonly status: number | null;
  readonly limitName: string | null;
  readonly inputTokens: number | null;
  readonly outputTokens: number | null;
  readonly costMicroUsd: number | null;
  /** as announced to a refused caller */
  readonly retryAfterMs: number | null;
  readonly totalMs: number | null;
  /** time to the provider's headers */
  readonly headersMs: number | null;
  /** time to the first output token of a stream */
  readonly firstTokenMs: number | null;
  readonly stream: boolean | null;
  readonly address: string;
  /** number of calls in this line */
  readonly count: number;
};

/**
 * Maximum rows that one query reads of each book: a filter without an index that matches almost nothing must end too.
 * Older rows are left for the next page.
 */
export const SCANNED_MAX = 20_000;
/** The same for the histogram of one tenant or key: its rows lie apart, so nearly each is a page of the table. */
export const BUCKETED_OF_ONE_MAX = 5000;
/** The same for facets: each row is counted once per facet. */
export const FACETED_MAX = 5000;

type Page = {
  readonly rows: readonly LogRow[] /** the oldest id that was looked at; null = all were */;
  readonly to: string | null;
};

/** A page of one book: matching lines, newest first, at most `limit`. */
export async function readBook(db: Database, book: Book, filter: LogFilter, limit: number): Promise<Page> {
  if (!hasKind(book, filter.kind)) return { rows: [], to: null };
  const { rows } = await db.execute<{ row: LogRow | null; scanned: number; oldest: string }>(
    bookQuery(book, filter, limit),
  );
  const found = rows.flatMap(({ row }) => row ?? []);
  const [first] = rows;
  const isCut = found.length >= limit;
  if (isCut) return { rows: found, to: found.at(-1)?.requestId ?? null };
  return { rows: found, to: first !== undefined && first.scanned >= SCANNED_MAX ? first.oldest : null };
}

/** The query of `readBook`. Without further conditions every row that is read fits, so a page's rows are all it reads. */
export function bookQuery(book: Book, filter: LogFilter, limit: number): SQL {
  return sql`
    with scanned as materialized (${scanOf(book, filter, conditionsOf(filter).length === 0 ? Math.min(limit, SCANNED_MAX) : SCANNED_MAX)}),
      ends as (select count(*)::int as scanned, min("requestId") as oldest from scanned)
    select ends.scanned, ends.oldest, case when one."requestId" is null then null else to_jsonb(one) end as row
    from ends left join lateral (
      select * from scanned where ${fits(filter)} order by "requestId" desc limit ${limit}
    ) one on true order by one."requestId" desc`;
}

export type Book = keyof typeof BOOKS;

/** The count of each value among the newest matching rows of a book. */
export async function facetsOf(db: Database, book: Book, filter: LogFilter) {
  if (!hasKind(book, filter.kind)) return { counts: [], isCut: false };
  const { rows } = await db.execute<{ facet: string; value: string; count: number; scanned: number }>(sql`
    with scanned as materialized (${scanOf(book, filter, FACETED_MAX)}), fitting as materialized (select * from scanned where ${fits(filter)})
    select facet, value, sum(count)::int as count, (select count(*)::int from scanned) as scanned
    from fitting, lateral (select 'tag' as facet, unnest(string_to_array(tags, ',')) as value union all values ('kind', kind), ('tenantId', "tenantId"), ('keyId', "keyId"), ('endpoint', endpoint),
      ('model', coalesce("servedModel", "askedModel")), ('outcome', outcome), ('limitName', "limitName"), ('address', address),
      ('feature', feature), ('session', session), ('agent', agent)
    ) of (facet, value)
    where coalesce(value, '') <> '' group by facet, value order by facet, count desc, value`);
  return {
    counts: rows.map(({ facet, value, count }) => ({ facet, value, count })),
    isCut: (rows[0]?.scanned ?? 0) >= FACETED_MAX,
  };
}

/** Calls per bucket of `seconds` among the newest matching rows of a book, for a histogram. */
export async function bucketsOf(db: Database, book: Book, filter: LogFilter, seconds: number) {
  if (!hasKind(book, filter.kind)) return { counts: [], oldest: null };
  const { rows } = await db.execute<{ bucket: number; kind: Kind; count: number; scanned: number; oldest: string }>(
    bucketsQuery(book, filter, seconds),
  );
  const [first] = rows;
  const oldest = first !== undefined && first.scanned >= bucketedMost(filter) ? first.oldest : null;
  const counts = rows.map(({ bucket, kind, count }) => ({ bucket, kind, count }));
  return { counts: counts.filter(({ count }) => count > 0), oldest };
}

/** The query of `bucketsOf`: one pass that holds no rows, so that it reads only the columns that the filter needs. */
export function bucketsQuery(book: Book, filter: LogFilter, seconds: number): SQL {
  return sql`
    select (('x' || substr("requestId", 5, 12))::bit(48)::bigint / 1000 / ${seconds}::int)::int as bucket, kind,
      coalesce(sum(count) filter (where ${fits(filter)}), 0)::int as count,
      (sum(count(*)) over ())::int as scanned, min(min("requestId")) over () as oldest
    from (${scanOf(book, filter, bucketedMost(filter))}) scanned group by 1, 2 order by 1, 2`;
}

function bucketedMost({ tenantId, keyId }: LogFilter): number {
  return tenantId === null && keyId === null ? SCANNED_MAX : BUCKETED_OF_ONE_MAX;
}

/** The newest rows of a book within the time, of the tenant or key if named: the part that its indexes serve. */
function scanOf(book: Book, filter: LogFilter, most: number): SQL {
  return sql`${linesOf(book, filter)} order by request_id desc limit ${most}`;
}

/** All of them as lines of the log. */
export function linesOf(book: Book, filter: LogFilter): SQL {
  return sql`select ${BOOKS[book].columns} ${within(book, filter)}`;
}

/** A book's rows by time, tenant and key: from … where …. */
export function within(book: Book, { fromId, toId, tenantId, among, keyId }: LogFilter): SQL {
  const of = [
    ...(tenantId === null ? [] : [sql`tenant_id = ${tenantId}`]),
    ...(among === null ? [] : [inArray(sql`tenant_id`, [...among])]),
    ...(keyId === null ? [] : [sql`key_id = ${keyId}`]),
  ];
  const all = sql.join([sql`request_id >= ${fromId}`, sql`request_id < ${toId}`, ...of], sql` and `);
  return sql`from ${BOOKS[book].table} where ${all}`;
}

/** Whether a book has calls of a kind; null = of any. */
export function hasKind(book: Book, kind: Kind | null): boolean {
  return kind === null || BOOKS[book].kinds.some((one) => one === kind);
}

/** Conditions on a line, in addition to time, tenant and key. */
export function fits(filter: LogFilter): SQL {
  const all = conditionsOf(filter);
  return all.length === 0 ? sql`true` : sql.join(all, sql` and `);
}

function conditionsOf(filter: LogFilter): SQL[] {
  const { userDigest, model, endpoint, feature, session, agent, tag, kind, outcome, limitName, address } = filter;
  return [
    ...(userDigest === null ? [] : [sql`"userDigest" = ${userDigest}`]),
    ...(model === null ? [] : [sql`(coalesce("servedModel", "askedModel") = ${model} or "askedModel" = ${model})`]),
    ...(endpoint === null ? [] : [sql`endpoint = ${endpoint}`]),
    ...(feature === null ? [] : [sql`feature = ${feature}`]),
    ...(session === null ? [] : [sql`session = ${session}`]),
    ...(agent === null ? [] : [sql`agent = ${agent}`]),
    ...(tag === null ? [] : [sql`${tag} = any(string_to_array(tags, ','))`]),
    ...(kind === null ? [] : [sql`kind = ${kind}`]),
    ...(outcome === null ? [] : [sql`outcome = ${outcome}`]),
    ...(limitName === null ? [] : [sql`"limitName" = ${limitName}`]),
    ...(address === null ? [] : [sql`address = ${address}`]),
  ];
}

const SHARED = sql`request_id as "requestId", tenant_id as "tenantId", key_id as "keyId"`;

/** The tables that record calls, and how to read each as a line of the log. */
const BOOKS = {
  ledger: {
    kinds: ["served", "failed"],
    table: ledger,
    columns: sql`${SHARED}, case when ending in ('complete', 'submitted') then 'served' else 'failed' end as kind, user_digest as "userDigest",
      feature, session, agent, tags, endpoint, asked_model as "askedModel", served_model as "servedModel", ending as outcome,
      upstream_status as status, null::text as "limitName", input_tokens as "inputTokens", output_tokens as "outputTokens",
      cost_micro_usd as "costMicroUsd", null::bigint as "retryAfterMs", total_ms as "totalMs",
      upstream_headers_ms as "headersMs", first_token_ms as "firstTokenMs", stream, client_address as address, 1 as count`,
  },
  refused: {
    kinds: ["refused"],
    table: refusedCalls,
    columns: sql`${SHARED}, 'refused' as kind, user_digest as "userDigest", feature, session, agent, tags, endpoint,
      asked_model as "askedModel",
      null::text as "servedModel", code as outcome, null::int as status, limit_name as "limitName",
      estimated_input_tokens as "inputTokens", reserved_output_tokens as "outputTokens", null::bigint as "costMicroUsd",
      retry_after_ms as "retryAfterMs", null::int as "totalMs", null::int as "headersMs",
      null::int as "firstTokenMs", stream, client_address as address, 1 as count`,
  },
  denied: {
    kinds: ["denied"],
    table: turnedAway,
    columns: sql`${SHARED}, 'denied' as kind, '' as "userDigest", null::text as feature, null::text as session, null::text as agent,
      null::text as tags,
      path as endpoint, coalesce(model, '') as "askedModel",
      null::text as "servedModel", code as outcome, status, null::text as "limitName", null::int as "inputTokens",
      null::int as "outputTokens", null::bigint as "costMicroUsd", null::bigint as "retryAfterMs", null::int as "totalMs",
      null::int as "headersMs", null::int as "firstTokenMs", null::boolean as stream, address, count`,
  },
} as const satisfies Record<string, { kinds: readonly Kind[]; table: unknown; columns: SQL }>;

export const BOOK_NAMES = ["ledger", "refused", "denied"] as const;
