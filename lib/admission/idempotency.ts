import type { Redis as UpstashRedis } from "@upstash/redis";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { type Clock, DAY_MS } from "@/lib/clock";
import { StoreUnavailable } from "@/lib/errors";
import type { StoreKeys } from "./keys";
import type { KeptUse, KeyUseFile } from "./memory/key-use-file";

/** One use of an idempotency key. `id` and `body` are digests: neither the key nor the body is kept. */
export type KeyUse = {
  readonly tenantId: string;
  readonly id: string;
  readonly body: string;
  readonly requestId: string;
};

export type EarlierUse = {
  readonly body: string;
  readonly requestId: string;
  readonly state: "running" | "done";
  /** the last sign of life of its process, epoch ms: the start, and then each `beat` */
  readonly at: number;
};

/** Who used which idempotency key in the last day. Rejects with StoreUnavailable when the store does not answer. */
export interface Idempotency {
  /** null: the key is now this call's; else its earlier use. */
  begin(use: KeyUse): Promise<EarlierUse | null>;
  /** Its call still runs. Not to be sent after `done` or `release`. */
  beat(use: KeyUse): Promise<void>;
  done(use: KeyUse): Promise<void>;
  release(use: KeyUse): Promise<void>;
}

const KEPT_MS = DAY_MS;
const KEPT_MAX = 200_000;

/**
 * For one process, over its restarts: a use that an earlier process began counts as served, as its progress is unknown.
 * The file is written first, so that a kill leaves no begun call unknown.
 */
export class MemoryIdempotency implements Idempotency {
  readonly #uses = new LRUCache<string, EarlierUse>({ max: KEPT_MAX, ttl: KEPT_MS });
  readonly #clock: Clock;
  readonly #file: KeyUseFile;

  constructor(clock: Clock, file: KeyUseFile) {
    this.#clock = clock;
    this.#file = file;
    const now = clock.now();
    for (const [id, use] of file.load(now - KEPT_MS))
      this.#uses.set(id, { ...use, state: "done" }, { ttl: Math.max(1, use.at + KEPT_MS - now) });
  }

  async begin({ id, body, requestId }: KeyUse): Promise<EarlierUse | null> {
    const known = this.#uses.get(id);
    if (known !== undefined) return known;
    const use = { body, requestId, at: this.#clock.now() };
    try {
      if (this.#file.isLong) this.#file.rewrite(this.#kept());
      this.#file.append(id, use);
    } catch (error) {
      throw new StoreUnavailable(`the use of an idempotency key cannot be kept: ${String(error)}`);
    }
    this.#uses.set(id, { ...use, state: "running" });
    return null;
  }

  async beat({ id, body, requestId }: KeyUse): Promise<void> {
    this.#uses.set(id, { body, requestId, state: "running", at: this.#clock.now() });
  }

  async done({ id, body, requestId }: KeyUse): Promise<void> {
    this.#uses.set(id, { body, requestId, state: "done", at: this.#clock.now() });
  }

  async release({ id }: KeyUse): Promise<void> {
    this.#uses.delete(id);
    // If this cannot be written, the use counts as served after a restart: one call fewer, never one more.
    this.#file.append(id, null);
  }

  /** The oldest first, in the order in which they are read again. */
  #kept(): [string, KeptUse][] {
    return [...this.#uses.entries()].reverse().map(([id, { body, requestId, at }]) => [id, { body, requestId, at }]);
  }
}

const stored = z.object({
  body: z.string(),
  requestId: z.string(),
  state: z.enum(["running", "done"]),
  at: z.number(),
});

/** For all processes of one store: the first to set the key has it. */
export class RedisIdempotency implements Idempotency {
  readonly #redis: UpstashRedis;
  readonly #keys: StoreKeys;
  readonly #clock: Clock;

  constructor(redis: UpstashRedis, keys: StoreKeys, clock: Clock) {
    this.#redis = redis;
    this.#keys = keys;
    this.#clock = clock;
  }

  async begin(use: KeyUse): Promise<EarlierUse | null> {
    const text = this.#text(use, "running");
    // One command: sets the key if it is absent, and returns what was there.
    const before = await guarded(() => this.#redis.set(this.#keyOf(use), text, { nx: true, get: true, px: KEPT_MS }));
    if (before === null) return null;
    return stored.parse(typeof before === "string" ? JSON.parse(before) : before);
  }

  async beat(use: KeyUse): Promise<void> {
    await guarded(() => this.#redis.set(this.#keyOf(use), this.#text(use, "running"), { xx: true, px: KEPT_MS }));
  }

  async done(use: KeyUse): Promise<void> {
    await guarded(() => this.#redis.set(this.#keyOf(use), this.#text(use, "done"), { px: KEPT_MS }));
  }

  async release(use: KeyUse): Promise<void> {
    await guarded(() => this.#redis.del(this.#keyOf(use)));
  }

  #keyOf({ tenantId, id }: KeyUse): string {
    return this.#keys.tenant(tenantId).idempotency(id);
  }

  #text({ body, requestId }: KeyUse, state: EarlierUse["state"]): string {
    return JSON.stringify({ body, requestId, state, at: this.#clock.now() } satisfies EarlierUse);
  }
}

/** Error texts of the client repeat the whole command: none of it is kept. */
async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch {
    throw new StoreUnavailable("the store did not answer about an idempotency key");
  }
}
