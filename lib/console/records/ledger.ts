import { z } from "zod";
import { findLedgerRow, type LedgerRow, listLedger } from "@/db/queries/books/books";
import { userDigest } from "@/lib/admission/digest";
import { PublicError } from "@/lib/errors";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { moment } from "../kernel/input";
import { isInScope } from "../scope/tenant-scope.shared";

const LIST_MAX = 5000;

export const ledgerQuery = z.strictObject({
  /** one call, of any tenant; all other filters are ignored */
  requestId: z.string().max(64).optional(),
  tenant: z.string().min(1).max(128).optional(),
  since: moment.default("1970-01-01T00:00:00Z"),
  limit: z.coerce.number().int().min(1).max(LIST_MAX).default(100),
  /** `next` of the page before */
  after: z
    .string()
    .regex(/^\d{1,16}\.\w{1,64}$/)
    .optional(),
  /** part of a name in it, or of its ending; searched among the latest */
  find: z.string().max(200).optional(),
});

/** GET /api/admin/ledger?requestId= or ?tenant=&since=&limit=&after=&find=: rows, newest first. */
export async function readLedger({ context, actor, input }: AdminRequest<typeof ledgerQuery>) {
  await context.drainBooks();
  const { requestId, tenant, ...asked } = input;
  if (requestId !== undefined) {
    const found = (await findLedgerRow(context.db, requestId)).filter((one) => isInScope(actor.tenants, one.tenant));
    return { body: { rows: found.map(({ row, tenant }) => ledgerRowView(row, tenant)) } };
  }
  if (tenant === undefined)
    throw new PublicError("missing_field", "Name a requestId or a tenant.", { param: "tenant" });
  // As for a tenant that does not exist: no rows.
  if (!isInScope(actor.tenants, tenant)) return { body: { next: null, rows: [] } };
  const [endedBefore = "", lastId = ""] = asked.after?.split(".") ?? [];
  const after = asked.after === undefined ? null : { endedAt: new Date(Number(endedBefore)), requestId: lastId };
  const sought = soughtFor(context, tenant, asked.find ?? null);
  const rows = await listLedger(context.db, { ...asked, tenant, since: new Date(asked.since), after, ...sought });
  const last = rows.length < asked.limit ? undefined : rows.at(-1)?.row;
  const next = last === undefined ? null : `${last.endedAt.getTime()}.${last.requestId}`;
  return { body: { next, rows: rows.map(({ row, tenant }) => ledgerRowView(row, tenant)) } };
}

/** The meaning of a search: a part of a name, or a user's whole name, which the ledger has as a digest. */
export function soughtFor({ policy, digestSecret }: ConsoleContext, tenant: string, find: string | null) {
  const id = [...policy.snapshot.tenants.values()].find((one) => one.slug === tenant)?.id;
  return { find, userDigest: find === null || id === undefined ? null : userDigest(digestSecret, id, find) };
}

/** A row in the API's form, with times as text. */
export type LedgerView = Omit<ReturnType<typeof ledgerRowView>, "admittedAt" | "endedAt"> & {
  readonly admittedAt: string;
  readonly endedAt: string;
};

/** A row with names for people. */
export function ledgerRowView(row: LedgerRow, tenant: string) {
  const { tenantId: _tenantId, tierId: _tierId, providerId: _providerId, ...rest } = row;
  return { ...rest, reservedInputTokens: row.reservedInputTokens ?? row.estimatedInputTokens, tenant };
}
