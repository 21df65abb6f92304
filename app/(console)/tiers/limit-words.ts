import { DAY_SECONDS } from "@/app/_ui/time/spans";
import type { TierView } from "@/lib/console/tiers/tiers";

type Limit = TierView["limits"][number];

const KNOWN_SPANS: Readonly<Record<number, string>> = {
  1: "second",
  60: "minute",
  3600: "hour",
  [DAY_SECONDS]: "24 hours",
};

/** " per minute", " per day": the capacity's window. */
export function spanWords(limit: Limit): string {
  if (limit.calendarPeriod !== null) return ` per ${limit.calendarPeriod}`;
  if (limit.windowSeconds === null) return "";
  const span = KNOWN_SPANS[limit.windowSeconds] ?? `${limit.windowSeconds} s`;
  return limit.refill === null || limit.refill === limit.capacity
    ? ` per ${span}`
    : `, ${limit.refill} back per ${span}`;
}
