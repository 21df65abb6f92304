import { MINUTE_MS } from "@/lib/clock";

/**
 * How often the same thing happened in a minute, for people to read: counted here, added to its minute with the next batch.
 * What could not be added waits for the one after.
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

  /** Gives what has gathered to `write`; what it returns waits for the next time. */
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
