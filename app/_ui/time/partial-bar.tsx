import type { BarShapeProps } from "recharts";

/** Marks a point of a chart whose time is not over yet. */
export const SO_FAR = ", so far";
/** What is not over yet is drawn so light. */
export const PARTIAL_OPACITY = 0.45;

/** One part of a bar; of a time that is not over yet it is drawn lighter. `time`: how the chart names the bar's time. */
export function partialBar(time: string) {
  return function Bar({ x, y, width, height, fill, payload }: BarShapeProps) {
    const name = typeof payload === "object" && payload !== null ? String(Reflect.get(payload, time)) : "";
    const opacity = name.endsWith(SO_FAR) ? PARTIAL_OPACITY : 1;
    return <rect x={x} y={y} width={width} height={height} fill={fill} fillOpacity={opacity} />;
  };
}
