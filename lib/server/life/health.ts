import type { Log } from "@/lib/log";
import { within } from "@/lib/within";
import type { DatabaseState, OlderDatabase } from "../store/older-database";

/** Whether this process should get traffic, and which functions are missing, in words for people. */
export type Readiness = { readonly isReady: boolean; readonly lacks: readonly string[] };

const PING_MS = 1000;
/** How long a check is valid, so that the probes of several balancers cost one check. */
const FRESH_MS = 500;
const LOOK_EVERY_MS = 1000;

const OLDER: Readonly<Record<DatabaseState, readonly string[]>> = {
  level: [],
  takes_no_edits: ["the database is older than it was and takes no new version: edits are not in force"],
  admits_nothing: ["the database is older than the store of counters and takes no new version: no call is admitted"],
};

/**
 * The readiness of a process for a load balancer. Without its database or its store a process goes on with keys from
 * memory and limits on its own share. So neither takes it out of service, which would take out all processes at once.
 * Only its own exit does, and a database under which no call is admitted.
 */
export class Health {
  readonly #ping: () => Promise<void>;
  readonly #isDraining: () => boolean;
  readonly #isStoreAway: () => boolean;
  #isDatabaseAway = false;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #looking: Promise<void> | null = null;
  readonly #database: Pick<OlderDatabase, "state" | "restores">;
  readonly #log: Log;

  constructor(input: {
    ping: () => Promise<void>;
    isDraining: () => boolean;
    isStoreAway: () => boolean;
    database: Pick<OlderDatabase, "state" | "restores">;
    log: Log;
  }) {
    this.#log = input.log;
    this.#ping = input.ping;
    this.#isDraining = input.isDraining;
    this.#isStoreAway = input.isStoreAway;
    this.#database = input.database;
  }

  /** As last seen. */
  get isDatabaseAway(): boolean {
    return this.#isDatabaseAway;
  }

  /** Checks once a second, so that the metrics are right without a balancer. Returns a function that stops it. */
  start(): () => void {
    const timer = setInterval(() => void this.look(), LOOK_EVERY_MS).unref();
    return () => clearInterval(timer);
  }

  async look(): Promise<Readiness> {
    if (performance.now() - this.#lookedAt > FRESH_MS) {
      this.#looking ??= this.#lookOnce();
      await this.#looking;
    }
    const { state, restores } = this.#database;
    const lacks = [
      ...(this.#isDatabaseAway ? ["the database does not answer: known keys are served from memory"] : []),
      ...(this.#isStoreAway() ? ["the store of counters is away: limits are enforced by each process on its own"] : []),
      ...OLDER[state],
      ...(restores > 0 ? ["the database was restored to an older state: edits since then are gone"] : []),
    ];
    return { isReady: !this.#isDraining() && state !== "admits_nothing", lacks };
  }

  async #lookOnce(): Promise<void> {
    const fault = await within(PING_MS, this.#ping()).then(
      () => null,
      (error: unknown) => ({ err: error }),
    );
    if (fault !== null && !this.#isDatabaseAway) this.#log.error(fault, "the database does not answer");
    if (fault === null && this.#isDatabaseAway) this.#log.warn("the database answers again");
    this.#isDatabaseAway = fault !== null;
    this.#lookedAt = performance.now();
    this.#looking = null;
  }
}
