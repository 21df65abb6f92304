import type { BarShapeProps } from "recharts";

/** Marks a chart point whose time is not over yet. */
export const SO_FAR = ", so far";
/** Opacity of incomplete points. */
export const PARTIAL_OPACITY = 0.45;

/** One part of a bar, lighter if its time is not over yet. `time`: the bar's time in the chart's form. */
export function partialBar(time: string) {
  return function Bar({ x, y, width, height, fill, payload }: BarShapeProps) {
    // Most parts of a bar are empty: each would be an element of the page.
    if (height === 0) return null;
    const name = typeof payload === "object" && payload !== null ? String(Reflect.get(payload, time)) : "";
    const opacity = name.endsWith(SO_FAR) ? PARTIAL_OPACITY : 1;
    return <rect x={x} y={y} width={width} height={height} fill={fill} fillOpacity={opacity} />;
  };
}
