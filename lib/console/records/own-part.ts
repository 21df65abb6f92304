import type { RefusedCall } from "@/db/queries/books/refused";
import type { Layer } from "@/lib/limits/rules/layers";
import { policyInForce } from "@/lib/policy/snapshot/in-force";
import { forHolder, type Quota } from "@/lib/quota/quota";
import type { Actor, ConsoleContext } from "../kernel/context";

type Named = { readonly name: string; readonly layer: Layer };
type Of = { readonly tenantId: string; readonly keyFamilyId: string };

/**
 * What an operator sees of a call's limits. Operators of some tenants see none of the counters that all tenants share:
 * they tell of the others' use.
 */
export function ownPart({ policy: { snapshot } }: ConsoleContext, { tenants }: Actor) {
  const ownOf = ({ tenantId, keyFamilyId }: Of) => {
    const known = policyInForce(snapshot, tenantId, keyFamilyId).limits.filter(
      ({ origin }) => origin.from !== "everyone",
    );
    return ({ name, layer }: Named) =>
      layer !== "global" && layer !== "provider" && known.some((one) => one.name === name && one.layer === layer);
  };
  return {
    refused: (call: RefusedCall): RefusedCall =>
      tenants === null ? call : { ...call, met: call.met.filter(ownOf(call)) },
    now: <Seen extends { readonly again: { readonly limits: readonly Named[] }; readonly quota: Quota }>(
      seen: Seen,
      of: Of,
    ): Seen => {
      if (tenants === null) return seen;
      const isOwn = ownOf(of);
      const quota = forHolder(seen.quota);
      const again = { ...seen.again, limits: seen.again.limits.filter(isOwn) };
      return { ...seen, again, quota: { ...quota, limits: quota.limits.filter(isOwn) } };
    },
  };
}
