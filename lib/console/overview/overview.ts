import { countInstances } from "@/db/queries/fleet/instances";
import { countOpenAlerts } from "@/db/queries/operators/alerts";
import { changesSince, sumLedger } from "@/db/queries/overview/overview";
import { MINUTE_MS } from "@/lib/clock";
import type { BrakeState } from "../brakes/brake-view";
import { brakesNow } from "../brakes/brakes";
import type { AdminRequest } from "../kernel/door";
import type { TenantLine } from "./nearest/most-urgent";
import { tenantLines } from "./nearest/tenant-lines";
import { CHART_MINUTES, type OverviewWatch } from "./overview-watch";

/** All data of the overview at one moment. Rates are over the last 60 seconds. */
export type Overview = {
  readonly at: string;
  readonly policyVersion: number;
  /** processes with a recent heartbeat, and how many of them enforce this policy */
  readonly instances: {
    readonly alive: number;
    readonly current: number;
    readonly storeAway: number;
    /** since when the first of these has been without its store; null = all have it */
    readonly storeAwayAt: string | null;
  };
  readonly cards: {
    readonly callsPerMinute: number;
    readonly inputTokensPerMinute: number;
    readonly outputTokensPerMinute: number;
    readonly refusedPerMinute: number;
    readonly spendPerMinuteMicroUsd: number;
    /** running calls in all processes */
    readonly openCalls: number;
    /** p95 decision time of the last minute's admissions, in the slowest process; null = there was none */
    readonly decisionP95Ms: number | null;
    /** since midnight UTC */
    readonly spendTodayMicroUsd: number;
    readonly callsToday: number;
  };
  readonly chart: readonly {
    minute: string;
    admitted: number;
    limited: number;
    budget: number;
    stopped: number;
    other: number;
    inputTokens: number;
    outputTokens: number;
    costMicroUsd: number;
  }[];
  readonly refused: readonly { layer: string; dimension: string; code: string; lastHour: number }[];
  /** those that need attention first; `tenantsTotal` is the number of all */
  readonly tenants: readonly TenantLine[];
  readonly tenantsTotal: number;
  readonly brakes: readonly BrakeState[];
  readonly openAlerts: {
    readonly open: number;
    readonly critical: number;
    /** when the first of them began; null = none is open */
    readonly oldestAt: string | null;
    /** requests for more that no operator has handled */
    readonly wishes: number;
  };
  readonly changes: readonly { at: string; actor: string; change: string }[];
};

/** GET /api/admin/overview */
export async function overview({ context }: Pick<AdminRequest, "context">): Promise<{ body: Overview }> {
  await context.drainBooks();
  const now = context.clock.now();
  const thisMinute = Math.floor(now / MINUTE_MS) * MINUTE_MS;
  const hourAgo = new Date(thisMinute - (CHART_MINUTES - 1) * MINUTE_MS);
  const [minute, today, hour, changes, brakes, tenants, instances, openAlerts] = await Promise.all([
    sumLedger(context.db, new Date(now - MINUTE_MS)),
    context.watch.today(context.db, now),
    context.watch.lastHour(context.db, now),
    changesSince(context.db, hourAgo),
    brakesNow(context),
    tenantLines(context, now),
    countInstances(context.db, context.policy.snapshot.version),
    countOpenAlerts(context.db),
  ]);
  const { refusals } = hour;
  const share = (now - thisMinute) / MINUTE_MS;
  return {
    body: {
      at: new Date(now).toISOString(),
      policyVersion: context.policy.snapshot.version,
      instances: {
        alive: instances.alive,
        current: instances.current,
        storeAway: instances.storeAway,
        storeAwayAt: instances.storeAwayAt?.toISOString() ?? null,
      },
      cards: {
        callsPerMinute: minute.calls,
        inputTokensPerMinute: minute.inputTokens,
        outputTokensPerMinute: minute.outputTokens,
        refusedPerMinute: refusedPerMinute(refusals, thisMinute, share),
        spendPerMinuteMicroUsd: minute.costMicroUsd,
        openCalls: instances.openCalls,
        decisionP95Ms: instances.decisionP95Ms,
        spendTodayMicroUsd: today.costMicroUsd,
        callsToday: today.calls,
      },
      chart: chartOf(hour.start.getTime(), hour.served, refusals),
      refused: byLayer(refusals),
      tenants: tenants.lines,
      tenantsTotal: tenants.total,
      brakes,
      openAlerts,
      changes: changes.map(({ at, actor, change }) => ({ at: at.toISOString(), actor, change })),
    },
  };
}

type Hour = Awaited<ReturnType<OverviewWatch["lastHour"]>>;
type Refusals = Hour["refusals"];

/** Refusals are stored per whole minute, so the last 60 seconds are this minute and a share of the one before. */
function refusedPerMinute(refusals: Refusals, thisMinute: number, share: number): number {
  const countIn = (minute: number) =>
    refusals.filter((row) => row.minute.getTime() === minute).reduce((sum, row) => sum + row.count, 0);
  return Math.round(countIn(thisMinute) + countIn(thisMinute - MINUTE_MS) * (1 - share));
}

function chartOf(start: number, admitted: Hour["served"], refusals: Refusals): Overview["chart"] {
  return Array.from({ length: CHART_MINUTES }, (_, index) => {
    const minute = start + index * MINUTE_MS;
    const served = (at: number) => {
      const {
        calls = 0,
        inputTokens = 0,
        outputTokens = 0,
        costMicroUsd = 0,
      } = admitted.find((row) => row.minute.getTime() === at) ?? {};
      return { admitted: calls, inputTokens, outputTokens, costMicroUsd };
    };
    const refused = (...codes: string[]) =>
      refusals
        .filter((row) => row.minute.getTime() === minute && codes.includes(row.code))
        .reduce((sum, row) => sum + row.count, 0);
    return {
      minute: new Date(minute).toISOString(),
      ...served(minute),
      limited: refused("rate_limit_exceeded"),
      budget: refused("insufficient_quota"),
      stopped: refused("kill_switch_active"),
      other: refused("request_exceeds_limit", "limiter_unavailable", "overloaded"),
    };
  });
}

function byLayer(refusals: Refusals): Overview["refused"] {
  const sums = new Map<string, { layer: string; dimension: string; code: string; lastHour: number }>();
  for (const { layer, dimension, code, count } of refusals) {
    const id = `${layer}|${dimension}|${code}`;
    sums.set(id, { layer, dimension, code, lastHour: (sums.get(id)?.lastHour ?? 0) + count });
  }
  return [...sums.values()].sort((left, right) => right.lastHour - left.lastHour);
}
