import type { Redis as Ioredis } from "ioredis";
import type { Log } from "@/lib/log";
import type { Patience } from "./patience";

/**
 * Identifies the server process behind a connection, by its run id and its replication id. A restart, a fail-over or a
 * replica made primary changes one of them, and each may have lost writes. Invariant: nothing is asked of a connection
 * until its server is known (`isKnown` is false).
 */
export class ServerWatch {
  readonly #redis: Ioredis;
  readonly #patience: Pick<Patience, "wait">;
  readonly #listeners: (() => void)[] = [];
  #server: string | null = null;
  #isKnown = false;
  #isDown = false;

  constructor(redis: Ioredis, log: Log, patience: Pick<Patience, "wait">) {
    this.#redis = redis;
    this.#patience = patience;
    redis.on("close", () => {
      this.#isKnown = false;
    });
    redis.on("error", (error) => {
      if (!this.#isDown) log.error({ err: error }, "connection to Redis lost");
      this.#isDown = true;
    });
    redis.on("ready", () => {
      if (this.#isDown) log.warn("connection to Redis is back");
      this.#isDown = false;
      // Nothing is asked of an unknown server; the next connection tries again.
      if (!this.#isKnown) void this.identified().catch(() => redis.disconnect(true));
    });
  }

  get server(): string | null {
    return this.#server;
  }

  get isKnown(): boolean {
    return this.#isKnown;
  }

  onOther(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Asks the server for its ids, and notifies the listeners when they changed. */
  async identified(): Promise<void> {
    const found = nameIn(await this.#infoText());
    const isOther = found === null || found !== this.#server;
    if (isOther && this.#server !== null) for (const listener of this.#listeners) listener();
    this.#server = found ?? UNNAMED;
    this.#isKnown = true;
  }

  /** A user without the right to ask gets no ids: then every connection counts as one to another server. */
  async #infoText(): Promise<string> {
    try {
      return await this.#patience.wait(this.#redis.info());
    } catch (error) {
      if (String(error).includes("NOPERM")) return "";
      throw error;
    }
  }
}

const UNNAMED = "unnamed";

function nameIn(info: string): string | null {
  const of = (name: string) => new RegExp(`^${name}:(\\w+)`, "m").exec(info)?.[1];
  const [run, data] = [of("run_id"), of("master_replid")];
  return run === undefined ? null : `${run.slice(0, NAME_CHARS)}${(data ?? "").slice(0, NAME_CHARS)}`;
}

/** The ids have 40 random digits each; this many are enough to tell servers apart. */
const NAME_CHARS = 12;
