import type { Database } from "@/db/client";
import { loadConfig, policyVersion } from "@/db/queries/limits/config";
import type { Clock } from "@/lib/clock";
import type { Log } from "@/lib/log";
import { within } from "@/lib/within";
import type { Brake } from "../rows/brake-row";
import { coalesced } from "./coalesced";
import { makeSnapshot, newFaults, type Snapshot } from "./snapshot";

/** Whether this process has loaded the newest version. */
export type News = "in_force" | "unknown";

/** Minimum time between two reads of the newest version, which bounds the cost of a flood. */
const NEWS_PAUSE_MS = 5;
/** Timeout for reading the newest version. Calls wait for it, and so does a brake that was set elsewhere. */
const VERSION_MS = 1000;

/**
 * The configuration in force in this process. `refresh` after an edit puts it in force before the editor is answered;
 * `follow` picks up what others changed. Fail mode: a tenant whose rows do not compile keeps its last good policy, all others
 * get the new one; without a good one its calls are refused. Each such fault is logged and is in the snapshot.
 */
export class CurrentPolicy {
  /** the database's state */
  #stored: Snapshot | null = null;
  /** the same with the brakes that are held beside it */
  #snapshot: Snapshot | null = null;
  #held: readonly Brake[] = [];
  #lifted: ReadonlySet<string> = new Set();
  #timer: NodeJS.Timeout | null = null;
  #isBlind = false;
  readonly #look = coalesced<"version", News>(() => this.#lookOnce(), NEWS_PAUSE_MS);
  #listeners: ((snapshot: Snapshot) => Promise<void> | void)[] = [];
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #log: Log;

  constructor(input: { db: Database; clock: Clock; log: Log }) {
    this.#db = input.db;
    this.#clock = input.clock;
    this.#log = input.log;
  }

  get snapshot(): Snapshot {
    if (this.#snapshot === null) throw new Error("the policy has not been loaded yet");
    return this.#snapshot;
  }

  /** Called and awaited with each new snapshot before it is in force. */
  onChange(listener: (snapshot: Snapshot) => Promise<void> | void): void {
    this.#listeners.push(listener);
  }

  /** Loads the database's state now. */
  async refresh(): Promise<Snapshot> {
    const rows = await loadConfig(this.#db, new Date(this.#clock.now()));
    const snapshot = makeSnapshot({ rows, clock: this.#clock, previous: this.#stored });
    // Two refreshes may finish out of order; the newer version must win.
    if (this.#snapshot !== null && this.#snapshot.version > snapshot.version) return this.#snapshot;
    for (const { text, effect } of newFaults(this.#stored, snapshot)) this.#log.error({ effect }, `policy: ${text}`);
    this.#stored = snapshot;
    return this.#putInForce(snapshot);
  }

  /**
   * Replaces the brakes that are in force beside the database's: those set while it is away. Of `lifted` the database may
   * know no more than that they were set. A lift holds as long as what was last read of the database has the brake: it may
   * have been booked since, and the database gone again before that could be read. Resolves when they are in force.
   */
  async hold(brakes: readonly Brake[], lifted: readonly string[]): Promise<void> {
    this.#held = brakes;
    const stillRead = this.#stored?.brakes.flatMap(({ id }) => (this.#lifted.has(id) ? [id] : [])) ?? [];
    this.#lifted = new Set([...lifted, ...stillRead]);
    if (this.#stored !== null) await this.#putInForce(this.#stored);
  }

  async #putInForce(stored: Snapshot): Promise<Snapshot> {
    const booked = stored.brakes.filter(({ id }) => !this.#lifted.has(id));
    const known = new Set(booked.map(({ id }) => id));
    const more = this.#held.filter(({ id }) => !known.has(id));
    const isSame = more.length === 0 && booked.length === stored.brakes.length;
    const snapshot = isSame ? stored : { ...stored, brakes: [...booked, ...more] };
    this.#snapshot = snapshot;
    for (const listener of this.#listeners) await listener(snapshot);
    return snapshot;
  }

  /**
   * Resolves when what the database had when this was called is in force here. To be asked before an answer that may only
   * be wrong without the latest news. One index look-up, shared by all who ask at once. "unknown": the database does not answer.
   */
  news(): Promise<News> {
    return this.#look("version");
  }

  async #lookOnce(): Promise<News> {
    try {
      if ((await within(VERSION_MS, policyVersion(this.#db))) !== this.snapshot.version) await this.refresh();
      this.#isBlind = false;
      return "in_force";
    } catch (error) {
      if (!this.#isBlind) this.#log.warn({ err: error }, "could not read the newest policy");
      this.#isBlind = true;
      return "unknown";
    }
  }

  /** Looks for a newer version every `everyMs` until `stop`. */
  follow(everyMs: number): void {
    const look = async () => {
      try {
        if ((await within(VERSION_MS, policyVersion(this.#db))) !== this.snapshot.version) await this.refresh();
      } catch (error) {
        this.#log.error({ err: error }, "could not refresh the policy; the last good version stays in force");
      }
      if (this.#timer !== null) this.#timer = setTimeout(look, everyMs).unref();
    };
    this.#timer = setTimeout(look, everyMs).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
