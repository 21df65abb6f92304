import type { Database } from "@/db/client";
import { refusalsByMinute, usageByMinute } from "@/db/queries/overview/overview";
import { DAY_MS, MINUTE_MS } from "@/lib/clock";
import type { AdminRequest } from "../kernel/door";
import { CHART_MINUTES } from "./overview-watch";

export type HourBefore = Awaited<ReturnType<typeof hourBefore>>["body"];

/**
 * GET /api/admin/overview/before: admitted and refused calls of all tenants in the minutes that the overview's chart
 * shows, a day earlier. `from`: the first of these minutes, of that day.
 */
export async function hourBefore({ context }: Pick<AdminRequest, "context">) {
  const now = context.clock.now();
  const from = Math.floor(now / MINUTE_MS) * MINUTE_MS - (CHART_MINUTES - 1) * MINUTE_MS - DAY_MS;
  const callsPerMinute = await context.watch.before.get(`${from}`, now, () => callsFrom(context.db, from));
  return { body: { from: new Date(from).toISOString(), callsPerMinute } };
}

/** Admitted and refused calls of each minute of an hour. */
export async function callsFrom(db: Database, from: number): Promise<readonly number[]> {
  const span = [new Date(from), new Date(from + CHART_MINUTES * MINUTE_MS)] as const;
  const [served, refused] = await Promise.all([usageByMinute(db, ...span), refusalsByMinute(db, ...span)]);
  const calls = Array.from({ length: CHART_MINUTES }, () => 0);
  const add = (minute: Date, count: number) => {
    const index = Math.floor((minute.getTime() - from) / MINUTE_MS);
    calls[index] = (calls[index] ?? 0) + count;
  };
  for (const row of served) add(row.minute, row.calls);
  for (const row of refused) add(row.minute, row.count);
  return calls;
}
