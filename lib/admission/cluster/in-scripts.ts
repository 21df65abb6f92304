import type { AppliedLimit } from "@/lib/limits/plan";
import { slotOf } from "@/lib/redis/cluster/slots";
import type { StoreKeys } from "../keys";

const KEYS_AT_ONCE = 500;
/** Counters that one script of a look reads: some hundred microseconds of the server's time. */
const PEEKED_AT_ONCE = 200;

/** Tenants whose keys one script may read: a bounded number and, on a cluster with tenants apart, those of one slot. */
export function tenantsInScripts(ids: readonly string[], keys: StoreKeys): readonly (readonly string[])[] {
  const parts = keys.spread === "apart" ? groupsOf(ids, (id) => slotOf(keys.tenant(id).flags)) : [ids];
  return parts.flatMap((part) => chunksOf(part, KEYS_AT_ONCE));
}

/** Limits whose counters one script may read. */
export function limitsInScripts(
  limits: readonly AppliedLimit[],
  keys: StoreKeys,
): readonly (readonly AppliedLimit[])[] {
  const slotOfLimit = ({ subject }: AppliedLimit) => slotOf(keys.subject("c", subject));
  const parts = keys.spread === "apart" ? groupsOf(limits, slotOfLimit) : [limits];
  return parts.flatMap((part) => chunksOf(part, PEEKED_AT_ONCE));
}

export function chunksOf<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}

function groupsOf<T>(list: readonly T[], groupOf: (one: T) => number): T[][] {
  const groups = new Map<number, T[]>();
  for (const one of list) {
    const group = groupOf(one);
    const known = groups.get(group);
    if (known === undefined) groups.set(group, [one]);
    else known.push(one);
  }
  return [...groups.values()];
}
