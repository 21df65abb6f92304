import type { Redis as Ioredis } from "ioredis";
import type { Log } from "@/lib/log";
import type { Patience } from "./patience";

/**
 * Knows which server process a connection leads to, by its run id and its replication id. A restart, a fail-over and a
 * replica that was made primary change one of them, and each may have lost writes. Invariant: between a connection and
 * the moment at which its server is known, nothing is asked of it (`isKnown` is false).
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
      // Without the name nothing is asked; the next connection tries again.
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

  /** Asks the server who it is, and tells the listeners when it is another one than before. */
  async identified(): Promise<void> {
    const found = nameIn(await this.#infoText());
    const isOther = found === null || found !== this.#server;
    if (isOther && this.#server !== null) for (const listener of this.#listeners) listener();
    this.#server = found ?? UNNAMED;
    this.#isKnown = true;
  }

  /** A user without the right to ask gets no name: then every connection counts as one to another server. */
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

/** Of 40 random digits each; these are enough to tell servers apart. */
const NAME_CHARS = 12;
