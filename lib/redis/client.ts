import { Redis as UpstashRedis } from "@upstash/redis";
import { Redis as Ioredis } from "ioredis";
import { BootFault, StoreUnavailable } from "@/lib/errors";
import type { Log } from "@/lib/log";
import { RespRequester } from "./resp-requester";
import type { Script } from "./script";

/** Where the shared store is. */
export type RedisAddress =
  | { readonly kind: "resp"; readonly url: string }
  | { readonly kind: "rest"; readonly url: string; readonly token: string };

/** One client for both transports, with what Spillway asks of a store. */
export type RedisClient = {
  readonly upstash: UpstashRedis;
  /** Runs a script in one round trip (two when the server does not know it yet). The reply is a string. */
  run(script: Script, keys: readonly string[], args: readonly string[]): Promise<string>;
  /** Round trips made by `run` so far. */
  trips(): number;
  close(): Promise<void>;
};

const CONNECT_MS = 500;
/** A limiter that takes longer than this costs more than it protects. */
const COMMAND_MS = 50;
/** Upstash is an HTTP request away, often across regions. */
const REST_COMMAND_MS = 1000;
const RECONNECT_MS = { least: 50, most: 2000 };

/**
 * The one place that builds a Redis client. Single attempt: a retried admission could be charged twice by a store
 * that did the first and lost its answer; whoever retries does it by request id.
 */
export async function connectRedis(
  address: RedisAddress,
  log: Log,
  options: { commandMs?: number } = {},
): Promise<RedisClient> {
  return address.kind === "rest"
    ? overRest(address, options.commandMs ?? REST_COMMAND_MS)
    : overResp(address.url, log, options.commandMs ?? COMMAND_MS);
}

async function overResp(url: string, log: Log, commandTimeout: number): Promise<RedisClient> {
  const redis = new Ioredis(url, {
    lazyConnect: true,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    // What is asked in one turn of the event loop goes out in one write: fewer system calls here and at the server.
    enableAutoPipelining: true,
    connectTimeout: CONNECT_MS,
    commandTimeout,
    retryStrategy: (attempt) =>
      RECONNECT_MS.least + Math.random() * Math.min(RECONNECT_MS.most, RECONNECT_MS.least * 2 ** attempt),
  });
  let isDown = false;
  redis.on("error", (error) => {
    if (!isDown) log.error({ err: error }, "connection to Redis lost");
    isDown = true;
  });
  redis.on("ready", () => {
    if (isDown) log.warn("connection to Redis is back");
    isDown = false;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    redis.disconnect();
    throw new BootFault(`REDIS_URL: no Redis answers there (${reason(error)})`);
  }
  const upstash = new UpstashRedis(new RespRequester(redis));
  return { ...over(upstash), close: async () => redis.disconnect() };
}

async function overRest(address: { url: string; token: string }, commandMs: number): Promise<RedisClient> {
  const upstash = new UpstashRedis({
    url: address.url,
    token: address.token,
    enableTelemetry: false,
    enableAutoPipelining: false,
    automaticDeserialization: false,
    retry: { retries: 0 },
    // A function: with a plain signal an aborted call would resolve as if it had an answer.
    signal: () => AbortSignal.timeout(commandMs),
  });
  const client = { ...over(upstash), close: async () => undefined };
  await upstash.ping().catch((error: unknown) => {
    throw new BootFault(`UPSTASH_REDIS_REST_URL: no answer from there (${reason(error)})`);
  });
  return client;
}

/** The client's verbs over any transport that `@upstash/redis` can use. */
export function over(upstash: UpstashRedis): Omit<RedisClient, "close"> {
  let trips = 0;
  return {
    upstash,
    trips: () => trips,
    async run(script, keys, args) {
      const sent: [string[], string[]] = [[...keys], [...args]];
      trips += 1;
      const reply = await guarded(() =>
        upstash.evalsha(script.sha, ...sent).catch((error: unknown) => {
          if (!String(error).includes("NOSCRIPT")) throw error;
          trips += 1;
          return upstash.eval(script.text, ...sent);
        }),
      );
      if (typeof reply !== "string") throw new StoreUnavailable("the store gave no answer");
      return reply;
    },
  };
}

/** Error texts of the client repeat the whole command, keys and arguments: only what comes before is kept. */
async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw new StoreUnavailable(reason(error));
  }
}

function reason(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return (text.split(", command was")[0] ?? "").slice(0, 160);
}
