import { MINUTE_MS } from "@/lib/clock";

/** Refusals with no longer break than this belong together. */
const BREAK_MS = 5 * MINUTE_MS;

/** When refusals began that still go on: of the minutes with refusals, oldest first, the first one without a longer break after it. */
export function refusedSince(minutes: readonly number[]): number | null {
  let since: number | null = null;
  for (const minute of minutes.toReversed()) {
    if (since !== null && since - minute > BREAK_MS) break;
    since = minute;
  }
  return since;
}
