import { Redis as UpstashRedis } from "@upstash/redis";
import { Redis as Ioredis } from "ioredis";
import { type AwayReason, BootFault, ScriptError, type StoreFaults, StoreUnavailable } from "@/lib/errors";
import type { Log } from "@/lib/log";
import { within } from "@/lib/within";
import { Patience } from "./patience";
import { RespRequester } from "./resp-requester";
import type { Script } from "./script";
import { ServerWatch } from "./server-watch";
import { reasonOf, storeError } from "./store-error";

/** Where the shared store is. */
export type RedisAddress =
  | { readonly kind: "resp"; readonly url: string }
  | { readonly kind: "rest"; readonly url: string; readonly token: string };

/** One client for both transports, with what Spillway asks of a store. */
export type RedisClient = {
  readonly upstash: UpstashRedis;
  /** Runs a script in one round trip (two when the server does not know it yet). The reply is a string. */
  run(script: Script, keys: readonly string[], args: readonly string[], name: string): Promise<string>;
  /**
   * The same over a connection of its own and with more time: for looks and repairs. No admission waits behind them, and
   * a slow one says nothing about the store.
   */
  aside(script: Script, keys: readonly string[], args: readonly string[], name: string): Promise<string>;
  /** Round trips made by `run` so far. */
  trips(): number;
  /** How often scripts failed, by script, and how often the store could not be used, by reason. */
  readonly faults: StoreFaults;
  /** Names the server process that is talked to; null where the transport cannot tell. */
  server(): string | null;
  /** Called before anything is asked of another server process than before: it may have other data. */
  onOtherServer(listener: () => void): void;
  close(): Promise<void>;
};

const CONNECT_MS = 500;
/** For the first connection, until it may be used: a server that hangs takes connections and says nothing. */
const READY_MS = 2000;
/** A limiter that takes longer than this costs more than it protects. */
const COMMAND_MS = 50;
/** Upstash is an HTTP request away, often across regions. */
const REST_COMMAND_MS = 1000;
/** What nobody's call waits for may take longer. */
const ASIDE_MS = 2000;
const RECONNECT_MS = { least: 50, most: 2000 };

/**
 * The one place that builds a Redis client. Single attempt: a retried admission could be charged twice by a store
 * that did the first and lost its answer; callers retry by request id.
 */
export async function connectRedis(
  address: RedisAddress,
  log: Log,
  options: { commandMs?: number } = {},
): Promise<RedisClient> {
  return address.kind === "rest"
    ? overRest(address, log, options.commandMs ?? REST_COMMAND_MS)
    : overResp(address.url, log, options.commandMs ?? COMMAND_MS);
}

async function overResp(url: string, log: Log, commandMs: number): Promise<RedisClient> {
  const patience = new Patience({ budgetMs: commandMs });
  const redis = connectionTo(url);
  const watch = new ServerWatch(redis, log, patience);
  const beside = connectionTo(url);
  const besidePatience = new Patience({ budgetMs: Math.max(commandMs, ASIDE_MS) });
  beside.on("error", () => undefined);
  try {
    await within(READY_MS, redis.connect());
    await watch.identified();
  } catch (error) {
    redis.disconnect();
    throw new BootFault(`REDIS_URL: no Redis answers there (${reasonOf(error)})`);
  }
  // It connects again by itself; until then what is asked of it is refused.
  await within(READY_MS, beside.connect()).catch(() => undefined);
  const requester = new RespRequester(redis, patience);
  const upstash = new UpstashRedis(requester);
  const direct: Known = (script, keys, args) => requester.runKnown(script, keys, args);
  return {
    ...over(upstash, { log, aside: new UpstashRedis(new RespRequester(beside, besidePatience)), watch, direct }),
    close: async () => {
      redis.disconnect();
      beside.disconnect();
    },
  };
}

/** Without the client's own bound on commands: that one also counts what this process does meanwhile. */
function connectionTo(url: string): Ioredis {
  return new Ioredis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // What is asked in one turn of the event loop goes out in one write: fewer system calls here and at the server.
    enableAutoPipelining: true,
    connectTimeout: CONNECT_MS,
    // A primary that has become a replica keeps its connections: the name is looked up again.
    reconnectOnError: (error) => error.message.includes("READONLY"),
    retryStrategy: (attempt) =>
      RECONNECT_MS.least + Math.random() * Math.min(RECONNECT_MS.most, RECONNECT_MS.least * 2 ** attempt),
  });
}

async function overRest(address: { url: string; token: string }, log: Log, commandMs: number): Promise<RedisClient> {
  const within = (ms: number) =>
    new UpstashRedis({
      url: address.url,
      token: address.token,
      enableTelemetry: false,
      enableAutoPipelining: false,
      automaticDeserialization: false,
      retry: { retries: 0 },
      // A function: with a plain signal an aborted call would resolve as if it had an answer.
      signal: () => AbortSignal.timeout(ms),
    });
  const upstash = within(commandMs);
  const client = {
    ...over(upstash, { log, aside: within(Math.max(commandMs, ASIDE_MS)) }),
    close: async () => undefined,
  };
  await upstash.ping().catch((error: unknown) => {
    throw new BootFault(`UPSTASH_REDIS_REST_URL: no answer from there (${reasonOf(error)})`);
  });
  return client;
}

/** Runs a script by its hash; rejects with NOSCRIPT when the server does not know it. */
type Known = (script: Script, keys: readonly string[], args: readonly string[]) => Promise<unknown>;

function knownBy(client: UpstashRedis): Known {
  return (script, keys, args) => client.evalsha(script.sha, [...keys], [...args]);
}

/** The client's verbs over any transport that `@upstash/redis` can use. */
export function over(
  upstash: UpstashRedis,
  more: {
    log?: Log;
    aside?: UpstashRedis;
    watch?: Pick<ServerWatch, "server" | "isKnown" | "onOther">;
    /** how the server runs a script that it knows, past the client; absent = through it */
    direct?: Known;
  } = {},
): Omit<RedisClient, "close"> {
  const { log, watch, aside = upstash, direct = knownBy(upstash) } = more;
  const faults = { scripts: new Map<string, number>(), away: new Map<AwayReason, number>() };
  let trips = 0;

  /** Counts what went wrong. A script's error is logged once, by the script's name. */
  function noted(error: unknown, name: string): StoreUnavailable | ScriptError {
    const known = error instanceof StoreUnavailable ? error : storeError(error, name);
    if (known instanceof ScriptError) {
      if (!faults.scripts.has(name)) log?.error({ err: known, script: name }, "a script failed in the store");
      faults.scripts.set(name, (faults.scripts.get(name) ?? 0) + 1);
    } else faults.away.set(known.reason, (faults.away.get(known.reason) ?? 0) + 1);
    return known;
  }

  async function through(
    transport: UpstashRedis,
    known: Known,
    script: Script,
    keys: readonly string[],
    args: readonly string[],
  ) {
    trips += 1;
    const reply = await known(script, keys, args).catch((error: unknown) => {
      if (!String(error).includes("NOSCRIPT")) throw error;
      trips += 1;
      return transport.eval(script.text, [...keys], [...args]);
    });
    if (typeof reply !== "string") throw new StoreUnavailable("the store gave no answer");
    return reply;
  }

  return {
    upstash,
    faults,
    trips: () => trips,
    server: () => watch?.server ?? null,
    onOtherServer: (listener) => watch?.onOther(listener),
    async run(script, keys, args, name) {
      try {
        if (watch?.isKnown === false) throw new StoreUnavailable("no connection to the store", "connection");
        return await through(upstash, direct, script, keys, args);
      } catch (error) {
        throw noted(error, name);
      }
    },
    async aside(script, keys, args, name) {
      try {
        return await through(aside, knownBy(aside), script, keys, args);
      } catch (error) {
        throw noted(error, name);
      }
    },
  };
}
