import { z } from "zod";
import { StoreUnavailable } from "@/lib/errors";
import type { RedisClient } from "@/lib/redis/client";
import { makeScript } from "@/lib/redis/script";
import type { StoreKeys } from "../keys";
import type { Book } from "./law";

/** The books of shared limits, one per limit. Rejects with StoreUnavailable. */
export interface BookStore {
  /** `now`: store time, epoch ms; `sinceMs`: since when the store is known to be whole */
  read(counter: string): Promise<{ now: number; sinceMs: number; text: string }>;
  /** Identifies the store before the first call asks. */
  warm(): Promise<void>;
  /** Replaces `before` ('' = none); false when something else is stored. */
  write(counter: string, change: { before: string; after: string; keepMs: number }): Promise<boolean>;
}

/**
 * A mark beside the books says on which server processes they were written, and since when. An emptied store has no
 * mark, and after a fail-over the mark names other servers: the last writes may be lost, and the mark begins again.
 *
 * KEYS 1 mark  2 book  ARGV 1 the server processes. Reply B<time>,<since>,<book>, empty when there is none.
 */
const READ = makeScript(`
local t = redis.call('TIME')
local now = string.format('%d', t[1] * 1000 + math.floor(t[2] / 1000))
local server, since = string.match(redis.call('GET', KEYS[1]) or '', '^(%S+) (%d+)$')
if server ~= ARGV[1] then
  since = now
  redis.call('SET', KEYS[1], ARGV[1] .. ' ' .. now)
end
return 'B' .. now .. ',' .. since .. ',' .. (redis.call('GET', KEYS[2]) or '')
`);

/** KEYS 1 book  ARGV 1 the book that is there, '' = none  2 the new one  3 ms to keep it. Reply W, or N: another one is there. */
const WRITE = makeScript(`
if (redis.call('GET', KEYS[1]) or '') ~= ARGV[1] then return 'N' end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 'W'
`);

export class RedisBooks implements BookStore {
  readonly #redis: Pick<RedisClient, "aside" | "server">;
  readonly #keys: StoreKeys;

  constructor(redis: Pick<RedisClient, "aside" | "server">, keys: StoreKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  async read(counter: string) {
    const { mark, book } = this.#keys.share(counter);
    return this.#read(mark, book);
  }

  async warm(): Promise<void> {
    for (const mark of this.#keys.shareMarks) await this.#read(mark, mark);
  }

  async write(counter: string, { before, after, keepMs }: { before: string; after: string; keepMs: number }) {
    const args = [before, after, String(Math.ceil(keepMs))];
    return (await this.#redis.aside(WRITE, [this.#keys.share(counter).book], args, "share")) === "W";
  }

  async #read(mark: string, book: string) {
    const server = this.#redis.server();
    // Without the server's name, a loss of its last writes would go unnoticed.
    if (server === null) throw new StoreUnavailable("a master of the cluster is not known", "cluster");
    const reply = await this.#redis.aside(READ, [mark, book], [server], "share");
    const [, now, since, text = ""] = /^B(\d+),(\d+),(.*)$/s.exec(reply) ?? [];
    return { now: Number(now), sinceMs: Number(since), text };
  }
}

const units = z.number().min(0);
const stored: z.ZodType<Book> = z.object({
  holdings: z.record(z.string(), z.object({ units, used: units, untilMs: z.number(), demand: units })),
  spent: z.array(z.object({ units, freeAtMs: z.number() })),
});
/** A new form gets a new letter and so its own keys: processes of two releases must not share one. */
const FORM = "1";

export function readBook(text: string): Book | null {
  if (!text.startsWith(FORM)) return null;
  return stored.parse(JSON.parse(text.slice(FORM.length)));
}

export function bookText(book: Book): string {
  return `${FORM}${JSON.stringify(book)}`;
}
