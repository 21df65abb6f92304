import { Redis } from "ioredis";
import pg from "pg";
import { startEmbeddedPostgres } from "@/db/embedded/postgres";
import { until } from "../fixtures/process";
import type { Provider } from "../fixtures/simulator";
import type { Spillway } from "../fixtures/spillway";

/** What an installation has consumed: its counters as bytes, its ledger, and what its provider saw. */
export type Consumed = {
  readonly counters: ReadonlyMap<string, string>;
  readonly rows: number;
  readonly bills: number;
};

/** Looks at an installation from behind: into its Redis, its database and its provider's bills. */
export class Books {
  readonly #redis: Redis;
  readonly #database: pg.Client;
  readonly #prefix: string;
  readonly #provider: Provider;

  private constructor(redis: Redis, database: pg.Client, prefix: string, provider: Provider) {
    this.#redis = redis;
    this.#database = database;
    this.#prefix = prefix;
    this.#provider = provider;
  }

  /** Of one with its own database, that counts in Redis under `prefix`. */
  static async of(input: { spillway: Spillway; redisUrl: string; prefix: string; provider: Provider }): Promise<Books> {
    // It runs already: this finds it.
    const { url } = await startEmbeddedPostgres(input.spillway.dataDir);
    const database = new pg.Client({ connectionString: url });
    await database.connect();
    return new Books(new Redis(input.redisUrl), database, input.prefix, input.provider);
  }

  /** Taken when no call runs any more: a settlement comes after its answer. */
  async consumed(): Promise<Consumed> {
    await until("every call to be settled", async () => (await this.#keys(/\}[rl]/)).length === 0);
    const counted = await this.#keys(/\}[ci]/);
    const dumps = await Promise.all(counted.map((key) => this.#redis.dumpBuffer(key)));
    // One that has expired since its name was read is none.
    const counters = new Map(
      counted.flatMap((key, index) => {
        const dump = dumps[index] ?? null;
        return dump === null ? [] : [[key, dump.toString("hex")]];
      }),
    );
    const { rows } = await this.#database.query<{ count: number }>("select count(*)::int as count from ledger");
    return { counters, rows: rows[0]?.count ?? 0, bills: (await this.#provider.bills()).length };
  }

  /** Request ids of all booked calls. */
  async booked(): Promise<string[]> {
    const { rows } = await this.#database.query<{ request_id: string }>("select request_id from ledger");
    return rows.map((row) => row.request_id);
  }

  /** Lets a key's time be over. */
  async expire(keyId: string): Promise<void> {
    await this.#database.query("update keys set expires_at = now() - interval '1 hour' where id = $1", [keyId]);
    await this.#database.query("insert into policy_versions (actor, change) values ('test', 'expire')");
  }

  async close(): Promise<void> {
    this.#redis.disconnect();
    await this.#database.end();
  }

  /** Counters, idempotency records, reservations and leases; not what is rightly written by refusals: strikes, marks, policies. */
  async #keys(kind: RegExp): Promise<string[]> {
    const keys = await this.#redis.keys(`${this.#prefix}{*`);
    return keys.filter((key) => kind.test(key));
  }
}

/** What the later state has that the earlier had not: counters that have expired meanwhile are no consumption. */
export function consumedBetween(before: Consumed, after: Consumed): string[] {
  const moved = [...after.counters].filter(([key, value]) => before.counters.get(key) !== value);
  const more = after.bills > before.bills ? [`${after.bills - before.bills} calls reached the provider`] : [];
  return [...moved.map(([key, value]) => `${key} was ${before.counters.get(key) ?? "absent"}, is ${value}`), ...more];
}
