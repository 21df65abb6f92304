import { z } from "zod";
import { userNames } from "@/db/queries/money/budgets";
import { BOOK_NAMES, bucketsOf, facetsOf, type LogRow, readBook } from "@/db/queries/requests/log";
import { DAY_SECONDS } from "@/lib/clock";
import { ERRORS, isErrorCode } from "@/lib/errors";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { csvFile } from "../money/usage";
import { missingLines } from "./line-marks";
import { filterOf, filters, msOf } from "./log-filter";
import { mergePages } from "./merge-pages";

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
  format: z.enum(["json", "csv"]).default("json"),
});

export const facetsQuery = z.strictObject({
  ...filters,
  bucketSeconds: z.coerce.number().int().min(1).max(DAY_SECONDS).default(60),
});

export type RequestLine = ReturnType<typeof lineOf>;

/** GET /api/admin/requests: calls of all tenants, served, refused and turned away, newest first. */
export async function listRequests({ context, input }: AdminRequest<typeof requestsQuery>) {
  await context.drainBooks();
  const filter = filterOf(context, input);
  const toId = input.after !== undefined && input.after < filter.toId ? input.after : filter.toId;
  const pages = await Promise.all(
    BOOK_NAMES.map((book) => readBook(context.db, book, { ...filter, toId }, input.size)),
  );
  const { rows, next } = mergePages(pages, input.size);
  const names = await userNames(context.db, [...new Set(rows.flatMap((row) => row.userDigest || []))]);
  const requests = rows.map((row) => lineOf(context, row, names));
  if (input.format === "csv") return { file: csvFile("requests.csv", requests) };
  return { body: input.have === undefined ? { requests, next } : { ...missingLines(requests, input.have), next } };
}

/**
 * GET /api/admin/requests/facets: the count of each value, and calls per time bucket, among the newest matching lines;
 * `isCut` when there are more than one query reads.
 */
export async function readFacets({ context, input }: AdminRequest<typeof facetsQuery>) {
  await context.drainBooks();
  const filter = filterOf(context, input);
  const { bucketSeconds } = input;
  const [facets, buckets] = await context.shared.facets.get(JSON.stringify([filter, bucketSeconds]), () =>
    Promise.all([
      Promise.all(BOOK_NAMES.map((book) => facetsOf(context.db, book, filter))),
      Promise.all(BOOK_NAMES.map((book) => bucketsOf(context.db, book, filter, bucketSeconds))),
    ]),
  );
  const sums = new Map<string, { facet: string; value: string; count: number }>();
  for (const { facet: raw, value, count } of facets.flatMap((one) => one.counts)) {
    const facet = FACETS[raw] ?? raw;
    const shown = raw === "tenantId" ? (context.policy.snapshot.tenants.get(value)?.slug ?? value) : value;
    const id = `${facet} ${shown}`;
    sums.set(id, { facet, value: shown, count: (sums.get(id)?.count ?? 0) + count });
  }
  const most = [...sums.values()].sort((left, right) => right.count - left.count);
  const shown = [...new Set(most.map((one) => one.facet))].flatMap((facet) =>
    most.filter((one) => one.facet === facet).slice(0, VALUES_MAX),
  );
  const oldest =
    buckets
      .flatMap((one) => one.oldest ?? [])
      .sort()
      .at(-1) ?? null;
  return {
    body: {
      facets: shown,
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

const VALUES_MAX = 20;
const MS_PER_SECOND = 1000;
const FACETS: Readonly<Record<string, string>> = { tenantId: "tenant", keyId: "key" };

function lineOf(context: ConsoleContext, row: LogRow, names: ReadonlyMap<string, string>) {
  const { tenantId, userDigest: digest, ...rest } = row;
  return {
    at: new Date(msOf(row.requestId)).toISOString(),
    ...rest,
    tenant: tenantId === "" ? null : (context.policy.snapshot.tenants.get(tenantId)?.slug ?? tenantId),
    user: names.get(digest) ?? null,
    status: row.status ?? (isErrorCode(row.outcome) ? ERRORS[row.outcome].status : null),
  };
}
