import type { Database } from "@/db/client";
import { passPolicyVersion, policyVersion } from "@/db/queries/limits/config";
import { record } from "@/lib/console/kernel/change";
import type { ConsoleContext } from "@/lib/console/kernel/context";
import type { Log } from "@/lib/log";

/** The version of the database's older policy, and the version that it was moved to. */
export type Restored = { readonly from: number; readonly to: number };

/** What the database's age means for this process until a newer version is written. */
export type DatabaseState = "level" | "takes_no_edits" | "admits_nothing";

const CLOCK = { name: "clock", role: "admin", address: "" } as const;
const REASON = "The database was older than what was published from it: a backup was restored, or a standby took over.";

/**
 * Detects a database whose newest policy is older than a published one: it was restored from a backup, or a standby
 * with missing data took over. The store would refuse every call under the older policy for ever, and running processes
 * would adopt no edit. So the database's policy gets a version above all published ones. Fail mode: until that is
 * written, a running process adopts no edit and a starting one admits nothing; `state` reports it.
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
   * Compares the database with the newest published version. Read that version from the store first, because a version
   * is committed before it is published. `own` is the version in force here. One index look-up. True: there is a newer
   * version to adopt now.
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
      this.#log.error(restored, "the database was restored from a backup: its policy is in force as a new version");
      this.#restores += 1;
      this.#untold.push(restored);
      return true;
    } catch (error) {
      const isOlder = this.#state !== "level";
      if (isOlder && !this.#isFailing)
        this.#log.error(
          { err: error },
          "the database was restored from a backup, and a new policy version could not be written",
        );
      this.#isFailing = isOlder;
      return false;
    }
  }

  /** Findings of this process that are not written yet. */
  async untold(): Promise<readonly Restored[]> {
    return this.#untold;
  }

  async told({ to }: Restored): Promise<void> {
    this.#untold = this.#untold.filter((one) => one.to !== to);
  }
}

/** Findings about the database's age, from here or from the processes that serve calls. */
export type Restores = {
  untold(): Promise<readonly Restored[]>;
  /** The finding is written. */
  told(restored: Restored): Promise<void>;
};

/** Writes the findings. If one cannot be written, the next call tries again. */
export async function tellRestores(context: ConsoleContext, restores: Restores): Promise<void> {
  for (const restored of await restores.untold()) {
    const { from, to } = restored;
    const what = { action: "database.restored", target: `policy version ${to}`, before: { version: from } };
    await record(context, CLOCK, { ...what, after: { version: to }, reason: REASON });
    await restores.told(restored);
  }
}
