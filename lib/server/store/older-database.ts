import type { Database } from "@/db/client";
import { passPolicyVersion, policyVersion } from "@/db/queries/limits/config";
import { record } from "@/lib/console/kernel/change";
import type { ConsoleContext } from "@/lib/console/kernel/context";
import type { Log } from "@/lib/log";

/** From which version of the policy to which a database was brought that was older than what was published from it. */
export type Restored = { readonly from: number; readonly to: number };

/** What follows for this process from the database's age, until a newer version is written. */
export type DatabaseState = "level" | "takes_no_edits" | "admits_nothing";

const CLOCK = { name: "clock", role: "admin", address: "" } as const;
const REASON = "The database was older than what was published from it: a backup was restored, or a standby took over.";

/**
 * Notices a database whose newest policy is older than one that was published from it: it was restored from a backup, or a
 * standby took over that had not all. The store would refuse every call under its older policy for ever, and processes
 * that run would take up no edit. So what the database has now becomes a version above all that were published.
 * Fail mode: until that is written a process that runs takes up no edit, one that starts admits nothing; `state` tells it.
 */
export class OlderDatabase {
  readonly #db: Database;
  readonly #log: Log;
  #state: DatabaseState = "level";
  #restores = 0;
  #untold: Restored[] = [];
  #isFailing = false;

  constructor({ db, log }: { db: Database; log: Log }) {
    this.#db = db;
    this.#log = log;
  }

  /** As last seen. */
  get state(): DatabaseState {
    return this.#state;
  }

  /** How often this process has found an older database. */
  get restores(): number {
    return this.#restores;
  }

  /**
   * Compares the database with the newest version that was published; call it after that was read from the store, as a
   * version is committed before it is published. `own` is the version in force here. One index look-up. True: there is a
   * newer version now, to be taken up.
   */
  async overtake({ published, own }: { published: number; own: number }): Promise<boolean> {
    try {
      if ((await policyVersion(this.#db)) >= published) {
        this.#state = "level";
        return false;
      }
      this.#state = own < published ? "admits_nothing" : "takes_no_edits";
      const restored = await passPolicyVersion(this.#db, published, { actor: "clock", change: "database.restored" });
      this.#state = "level";
      this.#isFailing = false;
      if (restored === null) return true;
      this.#log.error(restored, "the database is older than it was: what it has is in force as a new policy version");
      this.#restores += 1;
      this.#untold.push(restored);
      return true;
    } catch (error) {
      const isOlder = this.#state !== "level";
      if (isOlder && !this.#isFailing)
        this.#log.error({ err: error }, "the database is older than it was, and takes no new version");
      this.#isFailing = isOlder;
      return false;
    }
  }

  /** What this process has found and nobody has written down yet. */
  async untold(): Promise<readonly Restored[]> {
    return this.#untold;
  }

  async told({ to }: Restored): Promise<void> {
    this.#untold = this.#untold.filter((one) => one.to !== to);
  }
}

/** What was found of the database's age, here or by the processes that serve calls. */
export type Restores = {
  untold(): Promise<readonly Restored[]>;
  /** It is written down. */
  told(restored: Restored): Promise<void>;
};

/** Writes down what was found. What cannot be written is tried again with the next call. */
export async function tellRestores(context: ConsoleContext, restores: Restores): Promise<void> {
  for (const restored of await restores.untold()) {
    const { from, to } = restored;
    const what = { action: "database.restored", target: `policy version ${to}`, before: { version: from } };
    await record(context, CLOCK, { ...what, after: { version: to }, reason: REASON });
    await restores.told(restored);
  }
}
