import { z } from "zod";
import { usageSeries, usageTotals } from "@/db/queries/money/usage";
import { readKeyNames } from "@/db/queries/tenants/tenancy";
import { DAY_MS } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import type { AdminRequest } from "../../kernel/door";
import { tenantBySlug } from "../../tenants/tenants";
import { csvFile } from "../usage";
import { type Line, lineOf, monthIn, type StatementView, statementRows, sumOf } from "./statement-lines";

/** Sums per hour are kept for so long; of months before, days in UTC remain. */
const HOURS_KEPT_DAYS = 100;
const LINES_MAX = 10_000;

export const statementQuery = z.strictObject({
  tenant: z.string().min(1).max(128),
  month: z.string().regex(/^(?:19|[2-9]\d)\d\d-(?:0[1-9]|1[0-2])$/, "is a month such as 2026-11"),
  format: z.enum(["json", "csv"]).default("json"),
});

/**
 * GET /api/admin/statement?tenant=&month=&format=: what a tenant used in a calendar month of its time zone, by model,
 * feature, key and day. Each part adds up to the same total. From the sums that are written with every call.
 */
export async function readStatement({ context, input }: AdminRequest<typeof statementQuery>) {
  await context.drainBooks();
  const tenant = tenantBySlug(context, input.tenant);
  const now = context.clock.now();
  const own = monthIn(input.month, tenant.timeZone);
  const hasHours = own.fromMs >= now - (HOURS_KEPT_DAYS - 1) * DAY_MS;
  const zone = hasHours ? tenant.timeZone : "UTC";
  const { fromMs, toMs } = monthIn(input.month, zone);
  if (fromMs > now)
    throw new PublicError("invalid_value", `${input.month} has not begun in ${zone}.`, { param: "month" });
  const range = {
    tenantId: tenant.id,
    from: new Date(fromMs),
    to: new Date(toMs),
    grain: hasHours ? ("hour" as const) : ("day" as const),
  };
  const parts = await Promise.all(
    (["model", "feature", "key"] as const).map((by) => usageTotals(context.db, { ...range, by, most: LINES_MAX })),
  );
  const [models = [], features = [], keys = []] = parts;
  const series = await usageSeries(context.db, { ...range, by: null });
  const names = await readKeyNames(
    context.db,
    keys.map(({ subject }) => subject),
  );
  const named = (rows: typeof models, nameOf: (subject: string) => string): Line[] =>
    rows.map((row) => lineOf(row.subject, nameOf(row.subject), row));
  const byModel = named(models, (subject) => subject);
  const view: StatementView = {
    tenant: tenant.slug,
    name: tenant.name,
    month: input.month,
    zone,
    from: new Date(fromMs).toISOString(),
    to: new Date(toMs).toISOString(),
    isOver: toMs <= now,
    total: sumOf(byModel),
    byModel,
    byFeature: named(features, (subject) => subject || "no feature named"),
    byKey: named(keys, (subject) => names.get(subject) ?? subject),
    byDay: sumByDay(series, zone),
  };
  if (input.format === "json") return { body: view };
  return { body: null, file: csvFile(`statement-${tenant.slug}-${input.month}.csv`, statementRows(view)) };
}

/** Hours as days of the zone, the oldest first. */
function sumByDay(series: Awaited<ReturnType<typeof usageSeries>>, zone: string): Line[] {
  const day = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" });
  const days = new Map<string, Line[]>();
  for (const row of series) {
    const name = day.format(row.bucket);
    days.set(name, [...(days.get(name) ?? []), lineOf(name, name, row)]);
  }
  return [...days].map(([name, lines]) => ({ subject: name, name, ...sumOf(lines) }));
}
