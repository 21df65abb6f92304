import type { ClientInsert } from "@/db/queries/tenants/clients";
import { DAY_MS } from "@/lib/clock";

/** Client libraries per tenant and batch. Further ones count as one. */
const NAMES_MAX = 50;
const WAITING_MAX = 20_000;

export type CountedCall = {
  readonly tenantId: string;
  readonly client: string;
  readonly isRetry: boolean;
  readonly isRefused: boolean;
};

/** Calls per client library, for display. Collected here and added to the day with the next batch. */
export class ClientCounts {
  #waiting = new Map<string, ClientInsert & { calls: number; retries: number; refused: number }>();
  #names = new Map<string, Set<string>>();

  count({ tenantId, client: given, isRetry, isRefused }: CountedCall, now: number): void {
    if (this.#waiting.size >= WAITING_MAX) return;
    const names = this.#names.get(tenantId) ?? new Set();
    const client = names.has(given) || names.size < NAMES_MAX ? given : "other";
    this.#names.set(tenantId, names.add(client));
    const day = Math.floor(now / DAY_MS) * DAY_MS;
    const id = `${day}|${tenantId}|${client}`;
    let counted = this.#waiting.get(id);
    if (counted === undefined) {
      counted = { day: new Date(day), tenantId, client, calls: 0, retries: 0, refused: 0 };
      this.#waiting.set(id, counted);
    }
    counted.calls += 1;
    if (isRetry) counted.retries += 1;
    if (isRefused) counted.refused += 1;
  }

  /** Passes the collected items to `write`. Items that it returns wait for the next flush. */
  async drain(write: (rows: readonly ClientInsert[]) => Promise<readonly ClientInsert[]>): Promise<void> {
    const before = this.#waiting;
    this.#waiting = new Map();
    this.#names = new Map();
    const left = new Set(await write([...before.values()]));
    for (const [id, row] of before) {
      if (!left.has(row)) continue;
      const since = this.#waiting.get(id) ?? { calls: 0, retries: 0, refused: 0 };
      const { calls, retries, refused } = since;
      this.#waiting.set(id, {
        ...row,
        calls: row.calls + calls,
        retries: row.retries + retries,
        refused: row.refused + refused,
      });
    }
  }
}
