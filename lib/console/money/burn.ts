import { LRUCache } from "lru-cache";
import type { Database } from "@/db/client";
import { burnSince } from "@/db/queries/money/budgets";
import { type Clock, HOUR_MS } from "@/lib/clock";
import { isOne } from "@/lib/policy/budget";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import type { BurnOf } from "@/lib/quota/quota";

const BUDGETS_MAX = 2000;
/** Cache time, because quotas are read far more often than an hourly rate changes. */
const KEPT_MS = 2000;

/**
 * What each budget of one subject has spent in the last hour: the one pace that every forecast of a budget goes by. Null for
 * budgets of many subjects, and while the database is away: then there is no forecast.
 */
export function makeBurnOf({ db, policy, clock }: { db: Database; policy: CurrentPolicy; clock: Clock }): BurnOf {
  const known = new LRUCache<string, { readonly at: number; readonly burn: Promise<number | null> }>({
    max: BUDGETS_MAX,
  });
  return (slug) => {
    const row = policy.snapshot.budgets.find((one) => one.slug === slug);
    if (row === undefined || !isOne(row)) return Promise.resolve(null);
    const now = clock.now();
    const last = known.get(row.id);
    if (last !== undefined && Math.abs(now - last.at) < KEPT_MS) return last.burn;
    const burn = burnSince(db, { ...row, since: new Date(now - HOUR_MS) }).catch(() => null);
    known.set(row.id, { at: now, burn });
    return burn;
  };
}
