/** A round number at or above the most, for the top of an axis. */
export function roundTop(most: number): number {
  const step = Math.max(2, 10 ** Math.floor(Math.log10(Math.max(1, most))));
  return Math.ceil(most / step) * step;
}

/**
 * A faint line through one value per bar, each with its place on the axis, as the chart's reference lines: the library's own line would be loaded by
 * every page with a chart.
 */
export function lineThrough(bars: readonly string[], values: readonly (number | null)[]) {
  return values.flatMap((value, index) => {
    const [from, to, next] = [bars[index], bars[index + 1], values[index + 1] ?? null];
    if (from === undefined || to === undefined || value === null || next === null) return [];
    const [first, second] = [
      { x: from, y: value },
      { x: to, y: next },
    ];
    return [{ segment: [first, second] as const, color: "gray.6", strokeWidth: 1.5, strokeOpacity: 0.8 }];
  });
}
