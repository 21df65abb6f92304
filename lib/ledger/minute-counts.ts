import { MINUTE_MS } from "@/lib/clock";

/**
 * Counts per minute, for display. Collected here and added to the minute with the next batch. Failed writes wait for
 * the next one.
 */
export class MinuteCounts<Thing extends Readonly<Record<string, string>>> {
  #waiting = new Map<string, Row<Thing>>();

  add(thing: Thing, now: number): void {
    const minute = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    const id = [minute, ...Object.values(thing)].join("|");
    const known = this.#waiting.get(id);
    if (known !== undefined) known.count += 1;
    else this.#waiting.set(id, { ...thing, minute: new Date(minute), count: 1 });
  }

  /** Passes the collected items to `write`. Items that it returns wait for the next flush. */
  async drain(write: (rows: readonly Row<Thing>[]) => Promise<readonly Row<Thing>[]>): Promise<void> {
    const rows = this.#waiting;
    this.#waiting = new Map();
    const left = new Set(await write([...rows.values()]));
    for (const [id, row] of rows) {
      if (!left.has(row)) continue;
      const since = this.#waiting.get(id);
      this.#waiting.set(id, { ...row, count: row.count + (since?.count ?? 0) });
    }
  }
}

type Row<Thing> = Thing & { readonly minute: Date; count: number };
