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

const SHORT_SPANS: Readonly<Record<string, string>> = { second: "s", minute: "min", hour: "h", "24 hours": "24 h" };

/** The same where there is little room: "/min", "/day". */
export function perWords(limit: Limit): string {
  const words = spanWords(limit);
  const [, span = ""] = /^ per (.+)$/.exec(words) ?? [];
  return span === "" ? words : `/${SHORT_SPANS[span] ?? span}`;
}
