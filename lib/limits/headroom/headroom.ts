/** A provider's last report of one credential's headroom in one dimension. Times in epoch ms. */
export type Reading = {
  readonly limit: number;
  readonly remaining: number;
  readonly atMs: number;
  /** reset time as reported by the provider; null = not reported */
  readonly resetAtMs: number | null;
};

/**
 * State of a credential's headroom. `fresh`: the provider's last report is valid. `aged`: its reset or a minute has
 * passed, and our own count continues from there. `unknown`: no report for long. `capacity`: usable units per window;
 * null = no figure, so it is not counted.
 */
export type Headroom =
  | { readonly kind: "fresh" | "aged"; readonly capacity: number; readonly reading: Reading }
  | { readonly kind: "unknown"; readonly capacity: number | null };

/** A report is outdated after its reset, or after this time without one. */
export const AGED_MS = 60_000;
/** After an hour the limit itself may have changed. */
export const FORGOTTEN_MS = 3_600_000;
/** Half of an outdated limit. A wrong guess costs throughput for one answer, not refusals. */
export const UNKNOWN_SHARE = 0.5;

/** The usable amount of a credential now: the smaller of the operator's and the provider's figure. */
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
