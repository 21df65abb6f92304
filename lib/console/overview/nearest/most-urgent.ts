import type { Activity, LeastRefused } from "@/db/queries/overview/activity";
import type { Snapshot, Tenant } from "@/lib/policy/snapshot/snapshot";
import { refusesNow } from "../../money/refusing";
import type { Binding } from "./tenant-watch";

/** Number of tenants on the overview. The tenants page lists all. */
const SHOWN_MAX = 25;

/** One of the tenants that need attention first. */
export type TenantLine = {
  readonly slug: string;
  readonly name: string;
  readonly tier: string;
  readonly status: string;
  /** the limit that is nearest to refusing; null when the tenant has none, or was not checked yet */
  readonly binding: Binding | null;
  /** served and refused calls together, over the last five minutes */
  readonly callsPerMinute: number;
  readonly refusedPerMinute: number;
  /** of all calls, 0 to 1 */
  readonly refusedShare: number;
  /** the limit that refuses most of them; null when none or a brake does */
  readonly refusedBy: string | null;
  /** when its refusals of now began, of the last hour; null = there are none */
  readonly refusedSince: string | null;
  /** whether `binding` refuses calls now */
  readonly isRefusing: boolean;
  readonly spendPerMinuteMicroUsd: number;
  /** the brake that stops this tenant or its tier; null = none */
  readonly brakeId: string | null;
};

type Seen = {
  readonly snapshot: Pick<Snapshot, "tenants" | "tiers">;
  readonly bindings: ReadonlyMap<string, Binding | null>;
  readonly braked: ReadonlyMap<string, string>;
  readonly active: readonly Activity[];
  readonly refused: readonly LeastRefused[];
  /** that the activity is of */
  readonly minutes: number;
};

type Line = Omit<TenantLine, "refusedSince">;

/** Stopped tenants first, then those with refusals, then by the used share of the nearest limit. */
export function mostUrgent({ snapshot, bindings, braked, active, refused, minutes }: Seen): Line[] {
  const activity = new Map(active.map((one) => [one.tenantId, one]));
  const urgencyOf = ({ id }: Tenant) => {
    if (braked.has(id)) return BRAKED;
    const refused = refusedShare(activity.get(id));
    return refused > 0 ? 1 + refused : Math.min(1, usedShare(bindings.get(id) ?? null));
  };
  const callsOf = ({ id }: Tenant) => (activity.get(id)?.calls ?? 0) + (activity.get(id)?.refused ?? 0);
  return [...snapshot.tenants.values()]
    .map((tenant) => ({ tenant, urgency: urgencyOf(tenant), calls: callsOf(tenant) }))
    .sort(
      (left, right) =>
        right.urgency - left.urgency || right.calls - left.calls || (left.tenant.slug < right.tenant.slug ? -1 : 1),
    )
    .slice(0, SHOWN_MAX)
    .map(({ tenant }) => {
      const seen = activity.get(tenant.id);
      const share = refusedShare(seen);
      const binding = bindings.get(tenant.id) ?? null;
      const own = refused.filter(({ tenantId }) => tenantId === tenant.id);
      return {
        slug: tenant.slug,
        name: tenant.name,
        tier: snapshot.tiers.get(tenant.tierId)?.name ?? "",
        status: tenant.status,
        binding,
        callsPerMinute: perMinute(callsOf(tenant), minutes),
        refusedPerMinute: perMinute(seen?.refused ?? 0, minutes),
        refusedShare: Math.round(share * 1000) / 1000,
        refusedBy: seen?.refusedCode === "kill_switch_active" ? null : seen?.refusedBy || null,
        isRefusing: binding !== null && refusesNow(binding, own),
        spendPerMinuteMicroUsd: Math.round((seen?.costMicroUsd ?? 0) / minutes),
        brakeId: braked.get(tenant.id) ?? null,
      };
    });
}

const BRAKED = 3;

function usedShare(binding: Binding | null): number {
  if (binding === null) return 0;
  return binding.limit === 0 ? 1 : binding.used / binding.limit;
}

function refusedShare(seen: Activity | undefined): number {
  return seen === undefined || seen.refused === 0 ? 0 : seen.refused / (seen.calls + seen.refused);
}

/** Rounded to a tenth: finer values would differ from read to read while nothing happens. */
function perMinute(count: number, minutes: number): number {
  return Math.round((count / minutes) * 10) / 10;
}
