const MINUTE_MS = 60_000;

/**
 * How often the same thing happened in a minute, for people to read: counted here, added to its minute with the next batch.
 * What could not be added waits for the one after.
 */
export class MinuteCounts<Thing extends Readonly<Record<string, string>>> {
  #waiting = new Map<string, Thing & { minute: Date; count: number }>();

  add(thing: Thing, now: number): void {
    const minute = Math.floor(now / MINUTE_MS) * MINUTE_MS;
    const id = [minute, ...Object.values(thing)].join("|");
    const known = this.#waiting.get(id);
    this.#waiting.set(id, { ...thing, minute: new Date(minute), count: (known?.count ?? 0) + 1 });
  }

  async drain(write: (rows: readonly (Thing & { minute: Date; count: number })[]) => Promise<void>): Promise<void> {
    const rows = this.#waiting;
    this.#waiting = new Map();
    try {
      await write([...rows.values()]);
    } catch (error) {
      for (const [id, row] of rows) {
        const since = this.#waiting.get(id);
        this.#waiting.set(id, { ...row, count: row.count + (since?.count ?? 0) });
      }
      throw error;
    }
  }
}
