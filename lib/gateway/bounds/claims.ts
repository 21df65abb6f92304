import { PRIORITIES, type Priority, rankOf } from "@/lib/limits/rules/priority";
import type { Claim } from "./shares";

/** Who a call is counted to. `familyId`: a key and those it was rotated to. */
export type Caller = {
  readonly tenant: { readonly id: string };
  /** `bodyMbMax`: the largest body of its calls, in MiB; null = as all have it */
  readonly key: { readonly familyId: string; readonly bodyMbMax: number | null };
};

/**
 * What a call counts to. A more urgent call is measured by what is at least as urgent: a key full of background calls may
 * still send an interactive one.
 */
export function claimsOf(tenant: Caller["tenant"], key: Caller["key"], priority: Priority): readonly Claim[] {
  const known = CLAIMS[priority].get(key);
  if (known !== undefined) return known;
  const claims = PRIORITIES.slice(rankOf(priority)).flatMap((one, index) => [
    { holder: `tenant ${tenant.id} ${one}`, perFree: index === 0 ? 2 : Number.POSITIVE_INFINITY },
    { holder: `key ${key.familyId} ${one}`, perFree: index === 0 ? 1 : Number.POSITIVE_INFINITY },
  ]);
  CLAIMS[priority].set(key, claims);
  return claims;
}

/** By the key's row, which every call of it shares: its tenant is a part of it. */
const CLAIMS: Readonly<Record<Priority, WeakMap<Caller["key"], readonly Claim[]>>> = {
  interactive: new WeakMap(),
  standard: new WeakMap(),
  batch: new WeakMap(),
  background: new WeakMap(),
};
