import { setTimeout } from "node:timers/promises";
import type { Database } from "@/db/client";
import { policyVersion } from "@/db/queries/limits/config";
import { readBudgets } from "@/db/queries/money/budgets";
import { hasAnyKey } from "@/db/queries/tenants/tenancy";
import type { Admission } from "@/lib/admission/admission";
import type { Clock } from "@/lib/clock";
import { restoreLimits } from "@/lib/console/limits/restore-limits";
import { restoreBudgets } from "@/lib/console/money/restore-budgets";
import type { Books } from "@/lib/ledger/books";
import type { Log } from "@/lib/log";
import { readBudget } from "@/lib/policy/rows/budget-row";
import type { Snapshot } from "@/lib/policy/snapshot/snapshot";

/** Rows of the other processes may arrive this late. */
const ROWS_LATE_MS = 500;
/** When a filled store is checked again: calls that ran during the fill reach the ledger later. */
const AGAIN_AFTER_MS = [2000, 5000, 15_000, 45_000];
/** A second check leaves out calls that ended just now: their settlement may be in flight. */
const SETTLED_WITHIN_MS = 2000;
const LOOK_EVERY_MS = 500;

type Needs = {
  readonly db: Database;
  readonly admission: Pick<Admission, "raise">;
  readonly books: Pick<Books, "drain">;
  readonly clock: Clock;
  readonly log: Log;
  readonly digestSecret: string;
  /** processes alive, this one included */
  readonly peers: () => number;
  /** the store is missing some calls */
  readonly isBehind: () => boolean;
  /** absent = by the clock of this machine */
  readonly wait?: (ms: number) => Promise<void>;
};

/**
 * Restores the ledger's data in a store that lost it: budgets and every window of a limit. Counters are only raised, so
 * it may be repeated, and several processes may do it at once. Fail mode: rejects when the ledger cannot be read; then
 * nothing may be admitted in that store.
 */
export class Refill {
  readonly #needs: Needs;
  #again: number[] = [];
  #snapshot: Snapshot | null = null;
  #timer: NodeJS.Timeout | null = null;
  #count = 0;
  #isBusy = false;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  /** How often a store had to be filled. */
  get count(): number {
    return this.#count;
  }

  /**
   * Before anything is admitted. Resolves with the newest version of the policy. `tenantIds`: those that the store does
   * not know; absent = all. A tenant that never had a key has made no call, so no row of it can be late.
   */
  async fill(snapshot: Snapshot, tenantIds?: readonly string[]): Promise<number> {
    const { db, clock, peers, wait = setTimeout } = this.#needs;
    const version = await policyVersion(db);
    const mayBeLate = peers() > 1 && (tenantIds === undefined || (await hasAnyKey(db, tenantIds)));
    if (mayBeLate) await wait(ROWS_LATE_MS);
    await this.#raise(snapshot, null);
    this.#count += 1;
    this.#snapshot = snapshot;
    const now = clock.now();
    this.#again = AGAIN_AFTER_MS.map((ms) => now + ms);
    return version;
  }

  /** Checks filled stores again, a few times. */
  start(): void {
    this.#timer = setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
  }

  /** Compares a filled store with the ledger again if that is due. Never rejects. */
  async look(): Promise<void> {
    const { clock, log, isBehind } = this.#needs;
    const [due] = this.#again;
    if (this.#isBusy || due === undefined || clock.now() < due || isBehind() || this.#snapshot === null) return;
    this.#isBusy = true;
    this.#again.shift();
    await this.#raise(this.#snapshot, SETTLED_WITHIN_MS).catch((error: unknown) => {
      log.warn({ err: error }, "could not compare the counters with the ledger");
    });
    this.#isBusy = false;
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /** Raises the counters to the ledger's sums, without calls that ended less than `lagMs` ago; null = with all calls. */
  async #raise(snapshot: Snapshot, lagMs: number | null): Promise<void> {
    const { db, admission, books, clock, digestSecret } = this.#needs;
    await books.drain();
    const budgets = (await readBudgets(db, null))
      .map(readBudget)
      .flatMap((one) => (one.kind === "budget" ? one.budget : []));
    const now = clock.now();
    const source = { db, admission, snapshot, digestSecret, now };
    await restoreBudgets({ ...source, budgets });
    await restoreLimits({ ...source, endedBefore: lagMs === null ? null : now - lagMs });
  }
}
