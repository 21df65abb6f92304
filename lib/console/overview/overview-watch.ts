import type { Database } from "@/db/client";
import { refusalsByMinute, sumUsage, usageByMinute } from "@/db/queries/overview/overview";
import { HOUR_MS, MINUTE_MS } from "@/lib/clock";
import { calendarBounds } from "@/lib/policy/calendar";
import type { topMovers, totalsOf } from "./movers/top-movers.shared";
import type { TenantLine } from "./nearest/most-urgent";
import { TenantWatch } from "./nearest/tenant-watch";
import { Remembered } from "./remembered";

export const CHART_MINUTES = 60;
/** What ended in the newest minutes is read each time. Nearly all calls that ended earlier are booked by then. */
const OPEN_MINUTES = 2;
const KEEP_LINES_MS = 2000;
const KEEP_MINUTES_MS = 10_000;
/** They are hundreds of thousands of sums at thousands of tenants, and change only when a call is booked hours late. */
const KEEP_HOURS_MS = 600_000;
const KEEP_LAST_HOUR_MS = 60_000;

type MoversSeen = {
  readonly from: string;
  readonly to: string;
  readonly totals: ReturnType<typeof totalsOf>;
  readonly movers: ReturnType<typeof topMovers>;
  /** of the tenants that the overview lists, oldest minute first */
  readonly trends: readonly { readonly slug: string; readonly callsPerMinute: readonly number[] }[];
};

/** What the overview keeps from one read to the next, so that a read fetches only new data. One per process. */
export class OverviewWatch {
  readonly tenants = new TenantWatch();
  /** by the policy's version */
  readonly lines = new Remembered<{ readonly lines: readonly TenantLine[]; readonly total: number }>(KEEP_LINES_MS);
  readonly movers = new Remembered<MoversSeen>(KEEP_MINUTES_MS);
  /** calls per minute of the chart's minutes, a day earlier */
  readonly before = new Remembered<readonly number[]>(KEEP_LAST_HOUR_MS);
  readonly #served = new Remembered<Awaited<ReturnType<typeof usageByMinute>>>(KEEP_MINUTES_MS);
  readonly #refused = new Remembered<Awaited<ReturnType<typeof refusalsByMinute>>>(KEEP_MINUTES_MS);
  readonly #hours = new Remembered<Awaited<ReturnType<typeof sumUsage>>>(KEEP_HOURS_MS);
  readonly #lastHour = new Remembered<Awaited<ReturnType<typeof sumUsage>>>(KEEP_LAST_HOUR_MS);

  /** Served calls and refusals per minute of the last hour, over all tenants. */
  async lastHour(db: Database, now: number) {
    const thisMinute = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    const start = new Date(thisMinute - (CHART_MINUTES - 1) * MINUTE_MS);
    const open = new Date(thisMinute - (OPEN_MINUTES - 1) * MINUTE_MS);
    const of = open.toISOString();
    const [servedBefore, servedNow, refusedBefore, refusedNow] = await Promise.all([
      this.#served.get(of, now, () => usageByMinute(db, start, open)),
      usageByMinute(db, open, null),
      this.#refused.get(of, now, () => refusalsByMinute(db, start, open)),
      refusalsByMinute(db, open, null),
    ]);
    return { start, served: [...servedBefore, ...servedNow], refusals: [...refusedBefore, ...refusedNow] };
  }

  /** Calls and money since midnight UTC, over all tenants. */
  async today(db: Database, now: number) {
    const midnight = calendarBounds("day", "UTC", now).startMs;
    // An hour that has just ended is still read each time: its last calls are booked a moment after its end.
    const openMs = Math.floor((now - OPEN_MINUTES * MINUTE_MS) / HOUR_MS) * HOUR_MS;
    const [closed, open] = [Math.max(midnight, openMs - HOUR_MS), Math.max(midnight, openMs)];
    const [before, lately, since] = await Promise.all([
      this.#hours.get(`${closed}`, now, () => sumUsage(db, new Date(midnight), new Date(closed))),
      this.#lastHour.get(`${open}`, now, () => sumUsage(db, new Date(closed), new Date(open))),
      sumUsage(db, new Date(open), null),
    ]);
    return {
      calls: before.calls + lately.calls + since.calls,
      costMicroUsd: before.costMicroUsd + lately.costMicroUsd + since.costMicroUsd,
    };
  }
}
