import type { Dimension } from "@/lib/limits/rules/dimensions";

/** How long an earlier level is kept for comparison; shorter is noise, longer is history. */
const SPAN_MS = { least: 5_000, most: 15_000 };

type Sample = { readonly used: number; readonly at: number };

/**
 * How fast counters rise, from their level a few seconds ago. Buckets leak, so the sum of calls does not show when one
 * is full. Keeps two samples per counter; drops counters that are no longer requested.
 */
export class FillForecast {
  #samples = new Map<string, { before: Sample; latest: Sample }>();

  /**
   * Milliseconds until `left` more units are used at the pace of the last seconds; null when it does not rise. Never
   * for concurrency limits: running calls come and go, so a rate does not predict their number.
   */
  untilUsedUp(
    { counter, dimension }: { readonly counter: string; readonly dimension: Dimension },
    now: number,
    { used, left }: { readonly used: number; readonly left: number },
  ): number | null {
    if (dimension === "concurrency") return null;
    const sample = { used, at: now };
    const known = this.#samples.get(counter);
    if (known === undefined || now < known.latest.at || now - known.latest.at > SPAN_MS.most) {
      this.#samples.set(counter, { before: sample, latest: sample });
      return null;
    }
    const { before, latest } = known;
    const isOld = now - latest.at >= SPAN_MS.least;
    this.#samples.set(counter, isOld ? { before: latest, latest: sample } : known);
    const passed = now - before.at;
    const risen = used - before.used;
    if (passed < SPAN_MS.least || risen <= 0) return null;
    return (left * passed) / risen;
  }

  /** Drops every counter that was not read for so long that its samples are useless. */
  forget(now: number): void {
    for (const [counter, { latest }] of this.#samples) {
      if (now - latest.at > FORGET_MS) this.#samples.delete(counter);
    }
  }
}

const FORGET_MS = 60_000;
