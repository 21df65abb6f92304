import type { DraftLimit } from "@/lib/console/tiers/observed-draft.shared";

/** Another dimension. Concurrency has its own algorithm; changing from it returns to a bucket per minute. */
export function ofDimension(limit: DraftLimit, dimension: DraftLimit["dimension"]): Partial<DraftLimit> {
  if (dimension === "concurrency")
    return {
      dimension,
      algorithm: "concurrency",
      refill: null,
      windowSeconds: null,
      calendarPeriod: null,
      burstCredit: null,
    };
  if (limit.algorithm === "concurrency") return { dimension, ...ofAlgorithm(limit, "token_bucket") };
  return { dimension };
}

/** Another algorithm, with the fields that it takes. */
export function ofAlgorithm(limit: DraftLimit, algorithm: DraftLimit["algorithm"]): Partial<DraftLimit> {
  const isCalendar = algorithm === "calendar_window";
  const calendarPeriod = isCalendar ? (limit.calendarPeriod ?? "day") : null;
  return {
    algorithm,
    calendarPeriod,
    windowSeconds: isCalendar ? null : (limit.windowSeconds ?? 60),
    refill: null,
    burstCredit: null,
  };
}
