import { Redis as Ioredis } from "ioredis";
import type { Log } from "@/lib/log";
import { within } from "@/lib/within";
import { Patience } from "./patience";
import { RespRequester } from "./resp-requester";
import { ServerWatch } from "./server-watch";

const CONNECT_MS = 500;
/** Wait for the first usable connection: a hung server accepts connections and sends nothing. */
const READY_MS = 2000;
/** Work that no call waits for may take longer. */
export const ASIDE_MS = 2000;
const RECONNECT_MS = { least: 50, most: 2000 };

/** One Redis server over two connections: one for calls, one for work that no call waits for. */
export class RedisNode {
  readonly watch: ServerWatch;
  readonly requester: RespRequester;
  readonly beside: RespRequester;
  readonly #redis: Ioredis;
  readonly #besideRedis: Ioredis;

  constructor(url: string, log: Log, commandMs: number) {
    const patience = new Patience({ budgetMs: commandMs });
    this.#redis = connectionTo(url);
    this.watch = new ServerWatch(this.#redis, log, patience);
    this.requester = new RespRequester(this.#redis, patience);
    this.#besideRedis = connectionTo(url);
    this.#besideRedis.on("error", () => undefined);
    this.beside = new RespRequester(this.#besideRedis, new Patience({ budgetMs: Math.max(commandMs, ASIDE_MS) }));
  }

  /** Resolves when the server is known. A rejection means not yet: the node keeps connecting automatically. */
  async connect(): Promise<void> {
    await within(READY_MS, this.#redis.connect());
    await this.watch.identified();
    // It reconnects automatically; until then its commands are refused.
    await within(READY_MS, this.#besideRedis.connect()).catch(() => undefined);
  }

  close(): void {
    this.#redis.disconnect();
    this.#besideRedis.disconnect();
  }
}

/** Without the client's own command timeout, which also counts time that this process was busy. */
function connectionTo(url: string): Ioredis {
  return new Ioredis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // All commands of one turn of the event loop go out in one write: fewer system calls here and at the server.
    enableAutoPipelining: true,
    connectTimeout: CONNECT_MS,
    // A primary that becomes a replica keeps its connections. Reconnect, to look up the name again.
    reconnectOnError: (error) => error.message.includes("READONLY"),
    retryStrategy: (attempt) =>
      RECONNECT_MS.least + Math.random() * Math.min(RECONNECT_MS.most, RECONNECT_MS.least * 2 ** attempt),
  });
}
