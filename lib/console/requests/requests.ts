import { z } from "zod";
import { userNames } from "@/db/queries/money/budgets";
import { BOOK_NAMES, bucketsOf, facetsOf, type LogFilter, type LogRow, readBook } from "@/db/queries/requests/log";
import { readKeyNamesById } from "@/db/queries/tenants/tenancy";
import { DAY_SECONDS } from "@/lib/clock";
import { ERRORS, isErrorCode } from "@/lib/errors";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { csvFile } from "../money/usage";
import { missingLines } from "./line-marks";
import { filterOf, filters, msOf } from "./log-filter";
import { type LogPage, mergePages, wholeLog } from "./merge-pages";

const PAGE_MAX = 5000;

export const requestsQuery = z.strictObject({
  ...filters,
  /** lines per page */
  size: z.coerce.number().int().min(1).max(PAGE_MAX).default(100),
  /** `next` of the page before */
  after: z
    .string()
    .regex(/^req_[0-9a-f]{12,32}$/)
    .optional(),
  /** `marks` of the page that the reader has, with dots between them: only lines that it lacks are sent */
  have: z.string().max(PAGE_MAX).optional(),
  /** all pages in one, up to 50,000 lines; `next` is where it was cut */
  whole: z.enum(["true", "false"]).default("false"),
  format: z.enum(["json", "csv"]).default("json"),
});

export const facetsQuery = z.strictObject({
  ...filters,
  bucketSeconds: z.coerce.number().int().min(1).max(DAY_SECONDS).default(60),
});

export type RequestLine = ReturnType<typeof lineOf>;

/** GET /api/admin/requests: calls of all tenants, served, refused and turned away, newest first. */
export async function listRequests({ context, actor, input }: AdminRequest<typeof requestsQuery>) {
  await context.drainBooks();
  const filter = filterOf({ context, actor }, input);
  const toId = input.after !== undefined && input.after < filter.toId ? input.after : filter.toId;
  const { requests, next } =
    input.whole === "true"
      ? await wholeLog(toId, (to) => pageOf(context, { ...filter, toId: to }, PAGE_MAX))
      : await pageOf(context, { ...filter, toId }, input.size);
  if (input.format === "csv") return { file: csvFile("requests.csv", requests) };
  return { body: input.have === undefined ? { requests, next } : { ...missingLines(requests, input.have), next } };
}

async function pageOf(context: ConsoleContext, filter: LogFilter, size: number): Promise<LogPage<RequestLine>> {
  const pages = await Promise.all(BOOK_NAMES.map((book) => readBook(context.db, book, filter, size)));
  const { rows, next } = mergePages(pages, size);
  const [users, keys] = await Promise.all([
    userNames(context.db, [...new Set(rows.flatMap((row) => row.userDigest || []))]),
    readKeyNamesById(context.db, [...new Set(rows.flatMap((row) => row.keyId || []))]),
  ]);
  return { requests: rows.map((row) => lineOf(context, row, { users, keys })), next };
}

/**
 * GET /api/admin/requests/facets: the count of each value, and calls per time bucket, among the newest matching lines;
 * `isCut` when there are more than one query reads.
 */
export async function readFacets({ context, actor, input }: AdminRequest<typeof facetsQuery>) {
  await context.drainBooks();
  const filter = filterOf({ context, actor }, input);
  const { bucketSeconds } = input;
  const [facets, buckets] = await context.shared.facets.get(JSON.stringify([filter, bucketSeconds]), () =>
    Promise.all([
      Promise.all(BOOK_NAMES.map((book) => facetsOf(context.db, book, filter))),
      Promise.all(BOOK_NAMES.map((book) => bucketsOf(context.db, book, filter, bucketSeconds))),
    ]),
  );
  const { tenants } = context.policy.snapshot;
  const sums = new Map<string, Counted>();
  for (const { facet: raw, value, count } of facets.flatMap((one) => one.counts)) {
    const facet = FACETS[raw] ?? raw;
    const tenant = raw === "tenantId" ? tenants.get(value) : undefined;
    const shown = tenant?.slug ?? value;
    const id = `${facet} ${shown}`;
    const all = (sums.get(id)?.count ?? 0) + count;
    sums.set(id, named({ facet, value: shown, count: all }, tenant?.name));
  }
  const most = [...sums.values()].sort((left, right) => right.count - left.count);
  const shown = [...new Set(most.map((one) => one.facet))].flatMap((facet) =>
    most.filter((one) => one.facet === facet).slice(0, VALUES_MAX),
  );
  const keys = await readKeyNamesById(
    context.db,
    shown.flatMap(({ facet, value }) => (facet === "key" ? value : [])),
  );
  const oldest =
    buckets
      .flatMap((one) => one.oldest ?? [])
      .sort()
      .at(-1) ?? null;
  return {
    body: {
      facets: shown.map((one) => (one.facet === "key" ? named(one, keys.get(one.value)) : one)),
      buckets: buckets.flatMap((one) =>
        one.counts.map(({ bucket, kind, count }) => ({
          at: new Date(bucket * bucketSeconds * MS_PER_SECOND).toISOString(),
          kind,
          count,
        })),
      ),
      isCut: facets.some((one) => one.isCut),
      /** older lines were not counted; null = all were */
      countedFrom: oldest === null ? null : new Date(msOf(oldest)).toISOString(),
    },
  };
}

/** The calls with one value; `name`: as people call it, where that is another word. */
type Counted = { readonly facet: string; readonly value: string; readonly count: number; readonly name?: string };

function named(counted: Counted, name: string | undefined): Counted {
  return name === undefined ? counted : { ...counted, name };
}

const VALUES_MAX = 20;
const MS_PER_SECOND = 1000;
const FACETS: Readonly<Record<string, string>> = { tenantId: "tenant", keyId: "key" };

type Names = { readonly users: ReadonlyMap<string, string>; readonly keys: ReadonlyMap<string, string> };

function lineOf(context: ConsoleContext, row: LogRow, { users, keys }: Names) {
  const { tenantId, userDigest: digest, ...rest } = row;
  const tenant = context.policy.snapshot.tenants.get(tenantId);
  return {
    at: new Date(msOf(row.requestId)).toISOString(),
    ...rest,
    tenant: tenantId === "" ? null : (tenant?.slug ?? tenantId),
    tenantName: tenant?.name ?? null,
    keyName: keys.get(row.keyId) ?? null,
    user: users.get(digest) ?? null,
    status: row.status ?? (isErrorCode(row.outcome) ? ERRORS[row.outcome].status : null),
  };
}
