import { PRIORITIES, type Priority, rankOf } from "@/lib/limits/rules/priority";
import type { Claim } from "./shares";

/** The key that a call counts to. `familyId`: shared by a key and its successors. */
export type Caller = {
  readonly tenant: { readonly id: string };
  /** `bodyMbMax`: the largest body of its calls, in MiB; null = the default */
  readonly key: { readonly familyId: string; readonly bodyMbMax: number | null };
};

/**
 * The holders that a call counts to. Only calls of at least its own urgency count against it: a key full of background
 * calls may still send an interactive call.
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

/** Cached by the key's row, which all of its calls share and which names its tenant. */
const CLAIMS: Readonly<Record<Priority, WeakMap<Caller["key"], readonly Claim[]>>> = {
  interactive: new WeakMap(),
  standard: new WeakMap(),
  batch: new WeakMap(),
  background: new WeakMap(),
};
