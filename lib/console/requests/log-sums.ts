import { z } from "zod";
import { userNames } from "@/db/queries/money/budgets";
import { SUM_ORDERS, SUM_SPLITS, type SumSplit, summedFrom, sumsOf } from "@/db/queries/requests/sums";
import { readKeyNamesById } from "@/db/queries/tenants/tenancy";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { csvFile } from "../money/usage";
import { filterOf, filters, msOf } from "./log-filter";

const SHOWN_MAX = 1000;

export const sumsQuery = z.strictObject({
  ...filters,
  by: z.enum(SUM_SPLITS),
  /** the measure to sort by, largest first */
  order: z.enum(SUM_ORDERS).default("cost"),
  most: z.coerce.number().int().min(1).max(SHOWN_MAX).default(50),
  format: z.enum(["json", "csv"]).default("json"),
});

export type { SumOrder, SumSplit } from "@/db/queries/requests/sums";
export type LogSumsView = Awaited<ReturnType<typeof readSums>>["body"];
export type LogSumView = LogSumsView["sums"][number];

/**
 * GET /api/admin/requests/sums?by=key&order=cost: sums of the matching calls, by one thing. `summedFrom`: if there are
 * more than one query reads, only calls from this time on were summed; null = all were.
 */
export async function readSums({ context, actor, input }: AdminRequest<typeof sumsQuery>) {
  await context.drainBooks();
  const { by, order, most, format } = input;
  const asked = filterOf({ context, actor }, input);
  const { sums, total, fromId } = await context.shared.sums.get(JSON.stringify([asked, by, order, most]), async () => {
    const from = await summedFrom(context.db, asked);
    return { ...(await sumsOf(context.db, { ...asked, fromId: from }, { by, order, most })), fromId: from };
  });
  const nameOf = await namesOf(
    context,
    by,
    sums.map(({ value }) => value),
  );
  const { tenants } = context.policy.snapshot;
  const shown = sums.map(({ tenantId, value, ...figures }) => {
    const tenant = tenantId === "" ? null : (tenants.get(tenantId)?.slug ?? tenantId);
    const tenantName = tenants.get(tenantId)?.name ?? null;
    return { tenant, tenantName, ...nameOf(value, tenant), ...figures };
  });
  const body = {
    sums: shown,
    total,
    summedFrom: fromId === asked.fromId ? null : new Date(msOf(fromId)).toISOString(),
  };
  return format === "csv" ? { body, file: csvFile(`requests-by-${by}.csv`, shown) } : { body };
}

/** A value in the log filter's form, and as people call it; empty and null where there is none. */
type Named = (value: string, tenant: string | null) => { readonly value: string; readonly name: string | null };

async function namesOf(context: ConsoleContext, by: SumSplit, values: readonly string[]): Promise<Named> {
  if (by === "tenant") {
    const { tenants } = context.policy.snapshot;
    return (id, slug) => ({ value: slug ?? id, name: tenants.get(id)?.name ?? null });
  }
  if (by === "key") {
    const names = await readKeyNamesById(context.db, values);
    return (id) => ({ value: id, name: names.get(id) ?? null });
  }
  if (by === "user") {
    const names = await userNames(
      context.db,
      [...new Set(values)].filter((one) => one !== ""),
    );
    return (digest) => ({ value: names.get(digest) ?? "", name: null });
  }
  return (value) => ({ value, name: null });
}
