import type { Dimension } from "@/lib/limits/rules/dimensions";

/** For so long the level before is kept to compare with; shorter is noise, longer is history. */
const SPAN_MS = { least: 5_000, most: 15_000 };

type Sample = { readonly used: number; readonly at: number };

/**
 * How fast counters rise, from what was seen of each a few seconds ago: buckets leak, so that the sum of what was called
 * says nothing of when one is full. Keeps two samples per counter; forgets those that are no longer asked about.
 */
export class FillForecast {
  #samples = new Map<string, { before: Sample; latest: Sample }>();

  /**
   * Milliseconds until `left` more units are used at the pace of the last seconds; null when it does not rise. Never for
   * calls at once: they come and go, and how many there will be is no matter of a rate.
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

  /** Forgets every counter that was not looked at for so long that its samples tell nothing. */
  forget(now: number): void {
    for (const [counter, { latest }] of this.#samples) {
      if (now - latest.at > FORGET_MS) this.#samples.delete(counter);
    }
  }
}

const FORGET_MS = 60_000;
