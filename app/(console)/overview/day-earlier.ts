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

/** A round number at or above the most, for the top of an axis. */
export function roundTop(most: number): number {
  const step = Math.max(2, 10 ** Math.floor(Math.log10(Math.max(1, most))));
  return Math.ceil(most / step) * step;
}

/**
 * A faint line through one value per bar, as the chart's reference lines: the library's own line would be loaded by
 * every page with a chart.
 */
export function lineThrough(bars: readonly { readonly time: string }[], values: readonly (number | null)[]) {
  return values.flatMap((value, index) => {
    const [from, to, next] = [bars[index], bars[index + 1], values[index + 1] ?? null];
    if (from === undefined || to === undefined || value === null || next === null) return [];
    const [first, second] = [
      { x: from.time, y: value },
      { x: to.time, y: next },
    ];
    return [{ segment: [first, second] as const, color: "gray.6", strokeWidth: 1.5, strokeOpacity: 0.8 }];
  });
}
