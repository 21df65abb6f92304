/** What a provider last said of one credential's room in one dimension. Times in epoch ms. */
export type Reading = {
  readonly limit: number;
  readonly remaining: number;
  readonly atMs: number;
  /** when the provider says that it is full again; null = it did not say */
  readonly resetAtMs: number | null;
};

/**
 * How far the room of one credential is known. `fresh`: the provider's last word still holds. `aged`: it said so, but its
 * reset has passed or a minute has: our own count goes on from there. `unknown`: nothing was heard for long. `capacity` is
 * what may be used of it per window; null = nobody has a figure, so it is not counted.
 */
export type Headroom =
  | { readonly kind: "fresh" | "aged"; readonly capacity: number; readonly reading: Reading }
  | { readonly kind: "unknown"; readonly capacity: number | null };

/** After the reset that it named, or this long without one, a reading tells nothing of the moment any more. */
export const AGED_MS = 60_000;
/** After an hour the limit itself may be another. */
export const FORGOTTEN_MS = 3_600_000;
/** Half of a limit that was heard long ago: a wrong guess costs throughput for one answer, not refusals. */
export const UNKNOWN_SHARE = 0.5;

/** What may be used of a credential now: the operator's figure or the provider's, whichever is less. */
export function headroomOf(reading: Reading | null, operatorLimit: number | null, nowMs: number): Headroom {
  if (reading === null) return { kind: "unknown", capacity: operatorLimit };
  if (nowMs - reading.atMs >= FORGOTTEN_MS) {
    return { kind: "unknown", capacity: lesser(Math.floor(reading.limit * UNKNOWN_SHARE), operatorLimit) };
  }
  const agedAt =
    reading.resetAtMs === null ? reading.atMs + AGED_MS : Math.min(reading.resetAtMs, reading.atMs + AGED_MS);
  return { kind: nowMs < agedAt ? "fresh" : "aged", capacity: lesser(reading.limit, operatorLimit), reading };
}

function lesser(one: number, other: number | null): number {
  return other === null ? one : Math.min(one, other);
}
