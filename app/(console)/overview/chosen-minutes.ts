import { MINUTE_MS } from "@/app/_ui/time/spans";

/** Where a press began and where it is now, as bar indexes. */
export type Drag = { readonly from: number; readonly to: number };

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
