import type { BrakeState } from "@/lib/console/brakes/brake-view";

export type BrakesOn = {
  /** brakes that stop all calls of the tenant */
  readonly whole: readonly BrakeState[];
  /** brakes that stop some of its calls: those of a model, a key, an endpoint */
  readonly part: readonly BrakeState[];
};

/** The active brakes on a tenant's calls. A brake on a key counts if the key is listed as the tenant's. */
export function brakesOn(
  brakes: readonly BrakeState[],
  tenant: { readonly slug: string; readonly tier: string; readonly keys?: readonly string[] },
): BrakesOn {
  const met = brakes.filter(({ scope, mode }) => {
    if (mode === "observe") return false;
    if (scope.tenant !== undefined && scope.tenant !== tenant.slug) return false;
    if (scope.tier !== undefined && scope.tier !== tenant.tier) return false;
    return scope.key === undefined || scope.tenant === tenant.slug || (tenant.keys ?? []).includes(scope.key);
  });
  return { whole: met.filter(isWhole), part: met.filter((brake) => !isWhole(brake)) };
}

const OF_TENANTS: readonly string[] = ["tenant", "tier"];

function isWhole({ scope, mode, rampFrom }: BrakeState): boolean {
  const isNarrow = Object.entries(scope).some(([member, name]) => name !== undefined && !OF_TENANTS.includes(member));
  return !isNarrow && mode !== "degrade" && rampFrom === null;
}
