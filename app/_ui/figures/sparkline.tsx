import { memo } from "react";

const WIDTH = 100;
const HEIGHT = 28;

/**
 * A line without axes. Drawn by hand: five charts of the library, redrawn twice a second in every open tab, take longer
 * than the figures may be old.
 */
export const Sparkline = memo(
  function Sparkline({ values }: { values: readonly number[] }) {
    const most = Math.max(1, ...values);
    const step = WIDTH / Math.max(1, values.length - 1);
    const points = values.map(
      (value, index) => `${round(index * step)},${round(HEIGHT - 2 - (value / most) * (HEIGHT - 4))}`,
    );
    return (
      <svg width="100%" height={HEIGHT} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden>
        <polygon points={`0,${HEIGHT} ${points.join(" ")} ${WIDTH},${HEIGHT}`} className="sparkline-area" />
        <polyline points={points.join(" ")} className="sparkline-line" vectorEffect="non-scaling-stroke" />
      </svg>
    );
  },
  (before, after) => before.values.join() === after.values.join(),
);

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
