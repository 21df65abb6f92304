import type { Admission } from "@/lib/admission/admission";
import type { CheckState } from "@/lib/limits/decide";
import { NO_TAGS, subjectOf } from "@/lib/limits/rules/layers";
import { applied } from "@/lib/policy/compile";
import type { CompiledLimit } from "@/lib/policy/policy";
import type { Snapshot, Tenant } from "@/lib/policy/snapshot/snapshot";
import { type Forecast, forecastOf, NO_FORECAST, type Pace } from "@/lib/quota/forecast";
import { type BurnOf, burnOfLimit } from "@/lib/quota/quota";
import { FillForecast } from "./fill-forecast";
import { whoseTurn } from "./whose-turn";

/** Tenants per read: a read costs the same with ten thousand tenants as with this many. */
const LOOKED_AT_MAX = 250;
/** A bucket's pace over seconds cannot predict more than this. */
const FORECAST_MS_MAX = 600_000;

/** The limit of a tenant that is nearest to refusing. */
export type Binding = {
  readonly name: string;
  readonly dimension: string;
  readonly used: number;
  readonly limit: number;
  readonly remaining: number;
  /** when its use is 0 again without calls; null = nothing is used */
  readonly resetAt: string | null;
  /** when it is used up at `exhaustedPace`; null = no forecast */
  readonly exhaustedAt: string | null;
  readonly exhaustedPace: Pace | null;
};

type Looked = { readonly admission: Admission; readonly burnOf: BurnOf; readonly snapshot: Snapshot };

/**
 * Every tenant's use of its nearest limit, from the functions that decide. A read checks the counters of a bounded
 * number of tenants: those named first, then the others in turn, whose figures are as old as one round. One per
 * process.
 */
export class TenantWatch {
  readonly #forecast = new FillForecast();
  #known = new Map<string, Binding | null>();
  #cursor = 0;

  /** The nearest limit of every tenant checked so far, by the tenant's id; null = it has none. */
  async look(
    { admission, burnOf, snapshot }: Looked,
    now: number,
    first: readonly string[],
  ): Promise<ReadonlyMap<string, Binding | null>> {
    const all = [...snapshot.tenants.keys()];
    const { ids, cursor } = whoseTurn({ all, first, cursor: this.#cursor, most: LOOKED_AT_MAX });
    this.#cursor = cursor;
    const each = ids.flatMap((id) => {
      const tenant = snapshot.tenants.get(id);
      if (tenant === undefined) return [];
      const limits = ownLimits(snapshot, tenant);
      return { id, limits, applied: limits.map((limit) => applied(limit, tenantSubject(tenant), now)) };
    });
    const peeked = await admission.peek(each.flatMap((one) => one.applied));
    let from = 0;
    const found = each.map(async ({ id, limits, applied: asked }) => {
      const states = peeked.states.slice(from, from + asked.length);
      from += asked.length;
      return [id, await this.#bindingOf(burnOf, { limits, states, now: peeked.now })] as const;
    });
    const fresh = await Promise.all(found);
    // Removed tenants are dropped; the figures of the others stay.
    this.#known = new Map(all.map((id) => [id, this.#known.get(id) ?? null]));
    for (const [id, binding] of fresh) this.#known.set(id, binding);
    this.#forecast.forget(now);
    return this.#known;
  }

  async #bindingOf(
    burnOf: BurnOf,
    seen: { limits: readonly CompiledLimit[]; states: readonly CheckState[]; now: number },
  ): Promise<Binding | null> {
    const { now } = seen;
    const state = nearest(seen.states);
    if (state === null) return null;
    const limit = seen.limits.find((one) => one.limitId === state.check.limitId);
    const burn = limit === undefined ? null : await burnOfLimit(limit, burnOf);
    return {
      name: limit?.name ?? "",
      dimension: state.check.dimension,
      used: Math.ceil(state.used),
      limit: state.check.rule.capacity,
      remaining: state.remaining,
      resetAt: state.resetMs === 0 ? null : wholeSecond(now + state.resetMs),
      ...this.#forecastOf(state, now, burn),
    };
  }

  /** Windows by their use since they began, buckets by the rise of their level in the last seconds. */
  #forecastOf(state: CheckState, now: number, burn: number | null): Forecast {
    const byWindow = forecastOf(state, now, burn);
    if (byWindow.exhaustedAt !== null || burn !== null || state.check.rule.bounds !== null) return byWindow;
    const inMs = this.#forecast.untilUsedUp(state.check, now, { used: state.used, left: state.remaining });
    if (inMs === null || inMs > FORECAST_MS_MAX) return NO_FORECAST;
    return { exhaustedAt: wholeSecond(now + inMs), exhaustedPace: "last_seconds" };
  }
}

/** The tenant-wide limits. A tenant without a policy has none; the status page names its faults. */
function ownLimits(snapshot: Snapshot, tenant: Tenant): readonly CompiledLimit[] {
  const compiled = snapshot.policyOf(tenant.id, null);
  const limits = compiled.kind === "policy" ? compiled.policy.limits : [];
  return limits.filter((limit) => limit.layer === "tenant" && Object.keys(limit.match).length === 0);
}

function tenantSubject(tenant: Tenant): string {
  const none = {
    keyFamilyId: "",
    userDigest: null,
    featureDigest: null,
    sessionDigest: null,
    agentDigest: null,
    tags: NO_TAGS,
    addressDigest: "",
    endpoint: "",
  };
  return (
    subjectOf("tenant", { tenantId: tenant.id, tierId: tenant.tierId, modelId: "", providerId: "", ...none }) ?? ""
  );
}

/** The enforced limit with the largest used share; the first one when nothing is used. */
function nearest(states: readonly CheckState[]): CheckState | null {
  const share = (state: CheckState) => (state.check.rule.capacity === 0 ? 1 : state.used / state.check.rule.capacity);
  return states.reduce<CheckState | null>((best, state) => {
    if (state.check.observe) return best;
    return best === null || share(state) > share(best) ? state : best;
  }, null);
}

const SECOND_MS = 1000;

/** Rounds a moment so that it stays equal from read to read, because unchanged values are not sent. */
function wholeSecond(ms: number): string {
  return new Date(Math.round(ms / SECOND_MS) * SECOND_MS).toISOString();
}
