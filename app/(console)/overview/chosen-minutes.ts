import { MINUTE_MS } from "@/app/_ui/time/spans";

/** Where a press began and where it is now, as bar indexes. */
export type Drag = { readonly from: number; readonly to: number };

/** A hand moves so far while it clicks, in pixels. */
const CLICK_PX = 4;

/**
 * What was pressed. Without a clear move it is a click on one bar, the newest known: the library names the bar of the
 * press from the last drawn frame, which may be its neighbour.
 */
export function pressed(drag: Drag, movedPx: number): Drag {
  return Math.abs(movedPx) < CLICK_PX ? { from: drag.to, to: drag.to } : drag;
}

/** A bar's index from the chart library; null = outside all bars. */
export function placeOf(told: unknown, bars: number): number | null {
  const place = typeof told === "number" ? told : typeof told === "string" && told !== "" ? Number(told) : Number.NaN;
  return Number.isInteger(place) && place >= 0 && place < bars ? place : null;
}

/** The time from the first to the last chosen bar of one minute each, in either drag direction. */
export function chosenMinutes(minutes: readonly string[], { from, to }: Drag): { from: string; to: string } | null {
  const [first, last] = [minutes[Math.min(from, to)], minutes[Math.max(from, to)]];
  if (first === undefined || last === undefined) return null;
  return { from: first, to: new Date(Date.parse(last) + MINUTE_MS).toISOString() };
}
