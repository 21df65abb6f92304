import { Redis as UpstashRedis } from "@upstash/redis";
import { type AwayReason, BootFault, ScriptError, type StoreFaults, StoreUnavailable } from "@/lib/errors";
import type { Log } from "@/lib/log";
import { RedisCluster } from "./cluster/cluster";
import { ASIDE_MS, RedisNode } from "./node";
import type { Script } from "./script";
import type { ServerWatch } from "./server-watch";
import { reasonOf, storeError } from "./store-error";

/** Where the shared store is. */
export type RedisAddress =
  | { readonly kind: "resp"; readonly url: string }
  /** nodes of a Redis Cluster; one that answers names the others */
  | { readonly kind: "cluster"; readonly urls: readonly string[] }
  | { readonly kind: "rest"; readonly url: string; readonly token: string };

/** One client for both transports: what Spillway needs from a store. */
export type RedisClient = {
  readonly upstash: UpstashRedis;
  /** Runs a script in one round trip (two when the server does not know it yet). The reply is a string. */
  run(script: Script, keys: readonly string[], args: readonly string[], name: string): Promise<string>;
  /**
   * The same over a separate connection with more time, for looks and repairs. No admission waits behind them, and a
   * slow one says nothing about the store.
   */
  aside(script: Script, keys: readonly string[], args: readonly string[], name: string): Promise<string>;
  /** Round trips made by `run` so far. */
  trips(): number;
  /** How often scripts failed, by script, and how often the store was unavailable, by reason. */
  readonly faults: StoreFaults;
  /** Names the connected server process; null where the transport cannot tell. */
  server(): string | null;
  /** Called before the first request to a different server process, which may have other data. */
  onOtherServer(listener: () => void): void;
  close(): Promise<void>;
};

/** A limiter that takes longer than this costs more than it protects. */
const COMMAND_MS = 50;
/** Upstash is an HTTP request away, often across regions. */
const REST_COMMAND_MS = 1000;

/**
 * The one place that builds a Redis client. It tries a command once: the store may have run an admission whose answer
 * was lost, and a second try could charge it twice. Callers retry by request id.
 */
export async function connectRedis(
  address: RedisAddress,
  log: Log,
  options: { commandMs?: number } = {},
): Promise<RedisClient> {
  if (address.kind === "rest") return overRest(address, log, options.commandMs ?? REST_COMMAND_MS);
  const commandMs = options.commandMs ?? COMMAND_MS;
  return address.kind === "cluster" ? overCluster(address.urls, log, commandMs) : overResp(address.url, log, commandMs);
}

async function overResp(url: string, log: Log, commandMs: number): Promise<RedisClient> {
  const node = new RedisNode(url, log, commandMs);
  try {
    await node.connect();
  } catch (error) {
    node.close();
    throw new BootFault(`REDIS_URL: no Redis answers there (${reasonOf(error)})`);
  }
  const { watch, requester } = node;
  const direct: Known = (script, keys, args) => requester.runKnown(script, keys, args);
  return {
    ...over(new UpstashRedis(requester), { log, aside: new UpstashRedis(node.beside), watch, direct }),
    close: async () => node.close(),
  };
}

async function overCluster(urls: readonly string[], log: Log, commandMs: number): Promise<RedisClient> {
  const cluster = await RedisCluster.connect(urls, log, commandMs);
  const direct: Known = (script, keys, args) => cluster.runKnown(script, keys, args);
  const [upstash, aside] = [new UpstashRedis(cluster.lane("main")), new UpstashRedis(cluster.lane("beside"))];
  return { ...over(upstash, { log, aside, watch: cluster, direct }), close: async () => cluster.close() };
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
      // A function: with a plain signal, an aborted call would resolve like an answered one.
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

/** The client's methods over any transport that `@upstash/redis` can use. */
export function over(
  upstash: UpstashRedis,
  more: {
    log?: Log;
    aside?: UpstashRedis;
    watch?: Pick<ServerWatch, "server" | "isKnown" | "onOther">;
    /** runs a script that the server knows, without the client; absent = through the client */
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
