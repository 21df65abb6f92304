import { DAY_MS, MINUTE_MS } from "@/app/_ui/time/spans";
import type { HourBefore } from "@/lib/console/overview/hour-before";

/** The calls of each of a chart's minutes a day earlier; null = not known. Figures and chart may be a minute apart. */
export function callsDayEarlier(
  { from, callsPerMinute }: HourBefore,
  minutes: readonly { readonly minute: string }[],
): (number | null)[] {
  return minutes.map(({ minute }) => {
    const index = Math.round((Date.parse(minute) - DAY_MS - Date.parse(from)) / MINUTE_MS);
    return callsPerMinute[index] ?? null;
  });
}
