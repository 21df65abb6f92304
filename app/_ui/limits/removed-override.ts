import { DAY_SECONDS } from "@/app/_ui/time/spans";
import type { OverrideView } from "@/lib/console/limits/overrides";

const SECONDS_MAX = 366 * DAY_SECONDS;

/**
 * A removed override as a new one, for its remaining time: the body that sets it again. Null when it has ended meanwhile.
 */
export function overrideAgain(removed: OverrideView, now: number): object | null {
  const { tenant, keyFamily, limit, capacity, refill, reason, expiresAt } = removed;
  const left = expiresAt === null ? null : Math.round((Date.parse(expiresAt) - now) / 1000);
  if (left !== null && left < 1) return null;
  return {
    tenant,
    limit,
    capacity,
    reason,
    ...(keyFamily === null ? {} : { keyFamily }),
    ...(refill === null ? {} : { refill }),
    expiresInSeconds: left === null ? null : Math.min(left, SECONDS_MAX),
  };
}
