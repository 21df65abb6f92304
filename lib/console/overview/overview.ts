import { countInstances } from "@/db/queries/fleet/instances";
import { countOpenAlerts } from "@/db/queries/operators/alerts";
import { changesSince, refusalsSince, sumLedger, sumUsage, usageByMinute } from "@/db/queries/overview/overview";
import { MINUTE_MS } from "@/lib/clock";
import type { CheckState } from "@/lib/limits/decide";
import { subjectOf } from "@/lib/limits/rules/layers";
import { calendarBounds } from "@/lib/policy/calendar";
import { applied } from "@/lib/policy/compile";
import type { Tenant } from "@/lib/policy/snapshot/snapshot";
import { burnOfLimit, exhaustionOf } from "@/lib/quota/quota";
import { type BrakeState, brakesNow } from "../brakes/brakes";
import type { Console } from "../kernel/console";
import type { AdminRequest } from "../kernel/door";

const CHART_MINUTES = 60;

/** Everything the overview shows, at one moment. Rates are over the last 60 seconds. */
export type Overview = {
  readonly at: string;
  readonly policyVersion: number;
  /** processes that have been heard of lately, and how many of them enforce this policy */
  readonly instances: {
    readonly alive: number;
    readonly current: number;
    readonly storeAway: number;
    /** since when the first of these has been without its store; null = none is */
    readonly storeAwayAt: string | null;
  };
  readonly cards: {
    readonly callsPerMinute: number;
    readonly inputTokensPerMinute: number;
    readonly outputTokensPerMinute: number;
    readonly refusedPerMinute: number;
    readonly spendPerMinuteMicroUsd: number;
    /** calls that run now, in all processes */
    readonly openCalls: number;
    /** what 95 of 100 admissions of the last minute took to be decided, in the slowest process; null = there was none */
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
  readonly tenants: readonly TenantLine[];
  readonly brakes: readonly BrakeState[];
  readonly openAlerts: { readonly open: number; readonly critical: number };
  readonly changes: readonly { at: string; actor: string; change: string }[];
};

export type TenantLine = {
  readonly slug: string;
  readonly name: string;
  readonly tier: string;
  readonly status: string;
  /** the limit that is nearest to refusing; null when the tenant has none */
  readonly binding: {
    readonly name: string;
    readonly dimension: string;
    readonly used: number;
    readonly limit: number;
    readonly remaining: number;
    readonly resetSeconds: number;
    /** when it is used up at the present pace; null = not in sight */
    readonly exhaustedAt: string | null;
  } | null;
};

/** GET /api/admin/overview */
export async function overview({ context }: Pick<AdminRequest, "context">): Promise<{ body: Overview }> {
  await context.drainBooks();
  const now = context.clock.now();
  const hourAgo = new Date(Math.floor(now / MINUTE_MS) * MINUTE_MS - (CHART_MINUTES - 1) * MINUTE_MS);
  const [minute, today, perMinute, refusals, changes, brakes, tenants, instances, openAlerts] = await Promise.all([
    sumLedger(context.db, new Date(now - MINUTE_MS)),
    sumUsage(context.db, new Date(calendarBounds("day", "UTC", now).startMs)),
    usageByMinute(context.db, hourAgo),
    refusalsSince(context.db, hourAgo),
    changesSince(context.db, hourAgo),
    brakesNow(context),
    tenantLines(context, now),
    countInstances(context.db, context.policy.snapshot.version),
    countOpenAlerts(context.db),
  ]);
  const thisMinute = Math.floor(now / MINUTE_MS) * MINUTE_MS;
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
      chart: chartOf(hourAgo.getTime(), perMinute, refusals),
      refused: byLayer(refusals),
      tenants: tenants.sort((left, right) => usedShare(right) - usedShare(left)),
      brakes,
      openAlerts,
      changes: changes.map(({ at, actor, change }) => ({ at: at.toISOString(), actor, change })),
    },
  };
}

type Refusals = Awaited<ReturnType<typeof refusalsSince>>;

/** Refusals are kept per whole minute, so the last 60 seconds are this minute and the rest's share of the one before. */
function refusedPerMinute(refusals: Refusals, thisMinute: number, share: number): number {
  const countIn = (minute: number) =>
    refusals.filter((row) => row.minute.getTime() === minute).reduce((sum, row) => sum + row.count, 0);
  return Math.round(countIn(thisMinute) + countIn(thisMinute - MINUTE_MS) * (1 - share));
}

function chartOf(
  start: number,
  admitted: Awaited<ReturnType<typeof usageByMinute>>,
  refusals: Refusals,
): Overview["chart"] {
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

/** The tenant-wide limits as the next call would find them, by the functions that decide; all in one look. */
export async function tenantLines(context: Console, now: number): Promise<TenantLine[]> {
  const { snapshot } = context.policy;
  const each = [...snapshot.tenants.values()].map((tenant) => {
    const compiled = snapshot.policyOf(tenant.id, null);
    // A tenant without a policy has no limit to be near to; the status page names its faults.
    const limits = compiled.kind === "policy" ? compiled.policy.limits : [];
    const own = limits.filter((limit) => limit.layer === "tenant" && Object.keys(limit.match).length === 0);
    return { tenant, limits: own, applied: own.map((limit) => applied(limit, tenantSubject(tenant), now)) };
  });
  const peeked = await context.admission.peek(each.flatMap((one) => one.applied));
  context.fillForecast.keep(new Set(each.flatMap((one) => one.applied.map(({ counter }) => counter))));
  let from = 0;
  const lines = each.map(async ({ tenant, limits, applied: asked }) => {
    const states = peeked.states.slice(from, from + asked.length);
    from += asked.length;
    const binding = nearest(states);
    const limit = limits.find((one) => one.limitId === binding?.check.limitId);
    const name = limit?.name ?? "";
    const burn = limit === undefined ? null : await burnOfLimit(limit, context.burnOf);
    const exhaustedAt = binding && forecastOf(context, binding, now, burn);
    const tier = snapshot.tiers.get(tenant.tierId)?.name ?? "";
    return {
      slug: tenant.slug,
      name: tenant.name,
      tier,
      status: tenant.status,
      binding: binding && { ...bindingView(name, binding), exhaustedAt },
    };
  });
  return Promise.all(lines);
}

function tenantSubject(tenant: Tenant): string {
  const none = { keyFamilyId: "", userDigest: null, featureDigest: null, addressDigest: "", endpoint: "" };
  return (
    subjectOf("tenant", { tenantId: tenant.id, tierId: tenant.tierId, modelId: "", providerId: "", ...none }) ?? ""
  );
}

/** The enforced limit with the largest share used; the first one when nothing is. */
function nearest(states: readonly CheckState[]): CheckState | null {
  const share = (state: CheckState) => (state.check.rule.capacity === 0 ? 1 : state.used / state.check.rule.capacity);
  return states.reduce<CheckState | null>((best, state) => {
    if (state.check.observe) return best;
    return best === null || share(state) > share(best) ? state : best;
  }, null);
}

/** Windows by what was used since they began, buckets by how their level rose in the last seconds. */
function forecastOf({ fillForecast }: Console, state: CheckState, now: number, burn: number | null): string | null {
  const byWindow = exhaustionOf(state, now, burn);
  if (byWindow !== null || burn !== null || state.check.rule.bounds !== null) return byWindow;
  const left = { used: state.used, left: state.remaining };
  const inMs = fillForecast.untilUsedUp(state.check.counter, now, left);
  return inMs === null || inMs > FORECAST_MS_MAX ? null : new Date(now + inMs).toISOString();
}

/** A bucket's pace of seconds tells nothing of what lies further ahead. */
const FORECAST_MS_MAX = 10 * MINUTE_MS;

function bindingView(name: string, state: CheckState): Omit<NonNullable<TenantLine["binding"]>, "exhaustedAt"> {
  return {
    name,
    dimension: state.check.dimension,
    used: Math.ceil(state.used),
    limit: state.check.rule.capacity,
    remaining: state.remaining,
    resetSeconds: Math.ceil(state.resetMs / 1000),
  };
}

function usedShare(line: TenantLine): number {
  return line.binding === null || line.binding.limit === 0 ? 0 : line.binding.used / line.binding.limit;
}
