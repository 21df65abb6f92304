import { HOUR_MS, MINUTE_MS } from "@/lib/clock";

/** After this long without calls a place starts low again. */
const QUIET_MS = HOUR_MS;
/** While calls come, the time is written at this interval, not with each call. */
export const BUSY_EVERY_MS = 600_000;
/** A place's starting share of its figures: some providers refuse growth that is faster than a doubling a minute. */
const START_SHARE = 1 / 16;
/** The share grows in steps, so that a limit stays the same object for some seconds. */
const STEPS_PER_MINUTE = 4;

/** A place's record of its calls; null = none was sent. */
type Busy = { readonly busy: { readonly fromMs: number; readonly seenAtMs: number } | null };

/** Whether calls come after an hour without any. */
export function isQuiet({ busy }: Busy, nowMs: number): boolean {
  return busy === null || nowMs - busy.seenAtMs >= QUIET_MS;
}

/** A place's record after one call is sent. */
export function busyAfter(trouble: Busy, atMs: number): NonNullable<Busy["busy"]> {
  const fromMs = trouble.busy === null || isQuiet(trouble, atMs) ? atMs : trouble.busy.fromMs;
  return { fromMs, seenAtMs: atMs };
}

/** The share of its figures that a place may use now. It at most doubles in a minute. */
export function rampShare(trouble: Busy, nowMs: number): number {
  if (trouble.busy === null || isQuiet(trouble, nowMs)) return START_SHARE;
  const minutes = Math.floor(((nowMs - trouble.busy.fromMs) / MINUTE_MS) * STEPS_PER_MINUTE) / STEPS_PER_MINUTE;
  return Math.min(1, START_SHARE * 2 ** Math.max(0, minutes));
}
