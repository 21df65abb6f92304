import { createHash } from "node:crypto";
import { Ratelimit, type RatelimitConfig } from "@upstash/ratelimit";
import { Redis } from "@upstash/redis";
import { LRUCache } from "lru-cache";
import type { StoreKeys } from "@/lib/admission/keys";
import type { Clock } from "@/lib/clock";
import type { Log } from "@/lib/log";
import { networkOf, siteOf } from "@/lib/network";

/** What is limited, and how many attempts it allows. */
const RULES = {
  // Per client address.
  /** wrong or missing API keys */
  failed_key: { tokens: 30, windowMs: 60_000 },
  /** the same for all networks of one IPv6 site together: eight times as many */
  failed_key_site: { tokens: 240, windowMs: 60_000 },
  sign_in: { tokens: 20, windowMs: 60_000 },
  admin_api: { tokens: 1200, windowMs: 60_000 },
  // Per account or session, from whatever address: wrong passwords.
  sign_in_account: { tokens: 10, windowMs: 600_000 },
  confirm_session: { tokens: 5, windowMs: 600_000 },
  confirm_account: { tokens: 10, windowMs: 600_000 },
} as const;
type Counted = keyof typeof RULES;
/** Limits that count by address. A site is counted with each of its networks. */
export type Guarded = Exclude<Counted, "failed_key_site">;

/** Which limit by address a path counts under, before it is served; null = none. */
export function guardedAt(path: string): "sign_in" | "admin_api" | null {
  if (path.startsWith("/api/auth/sign-in") || path.startsWith("/api/auth/two-factor")) return "sign_in";
  return path.startsWith("/api/admin/") || path.startsWith("/api/cron/") ? "admin_api" : null;
}

const BLOCKED_MAX = 50_000;
const ANSWER_MS = 1000;

/**
 * Simple one-key limits in front of everything, by client address or account, with `@upstash/ratelimit`. They count in
 * the shared store if there is one, otherwise in this process with our own algorithm. The package treats a time-out as
 * success. Here it means that the store is away, and this process counts alone: an attempt is always limited.
 */
export class FrontDoor {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #shared: Readonly<Record<Counted, Ratelimit>> | null;
  readonly #alone: Readonly<Record<Counted, Ratelimit>>;
  /** Addresses over a limit, with the end of the refusal: checked without a round trip. */
  readonly #blocked = new LRUCache<string, number>({ max: BLOCKED_MAX });
  #isAway = false;

  constructor(input: { shared: { redis: Redis; keys: StoreKeys } | null; clock: Clock; log: Log }) {
    const { shared, clock, log } = input;
    this.#clock = clock;
    this.#log = log;
    this.#shared =
      shared === null
        ? null
        : limiters(shared.redis, shared.keys.door, (rule) =>
            Ratelimit.slidingWindow(rule.tokens, `${rule.windowMs} ms`),
          );
    this.#alone = limiters(
      NO_REDIS,
      (what) => what,
      (rule) => inProcess(rule, clock),
    );
  }

  /** Milliseconds for which this address is refused; 0 = not refused. No round trip, counts nothing. */
  blockedMs(what: Guarded, address: string): number {
    return Math.max(0, ...subjectsOf(what, address).map((one) => this.#blockedUntil(one) - this.#clock.now()));
  }

  /** Counts one attempt of an address or account. Returns the ms of refusal from now on; 0 = not refused. */
  async count(what: Guarded, who: string): Promise<number> {
    const blockedMs = this.blockedMs(what, who);
    if (blockedMs > 0) return blockedMs;
    return Math.max(...(await Promise.all(subjectsOf(what, who).map((one) => this.#countOne(one)))));
  }

  /** Takes one attempt back. */
  async giveBack(what: Guarded, who: string): Promise<void> {
    await Promise.all(
      subjectsOf(what, who).map(async (one) => {
        if ((await this.#ask(one, -1)) === null) await this.#alone[one.what].limit(one.id, { rate: -1 });
      }),
    );
  }

  async #countOne(one: Subject): Promise<number> {
    const answer = (await this.#ask(one, 1)) ?? (await this.#alone[one.what].limit(one.id));
    if (answer.success) return 0;
    const until = Math.max(answer.reset, this.#clock.now() + 1);
    this.#blocked.set(nameOf(one), until);
    return until - this.#clock.now();
  }

  #blockedUntil(one: Subject): number {
    return this.#blocked.get(nameOf(one)) ?? 0;
  }

  /** The shared store's answer, or null without one: the package reports a time-out as success. */
  async #ask({ what, id }: Subject, rate: 1 | -1) {
    if (this.#shared === null) return null;
    try {
      const answer = await this.#shared[what].limit(id, { rate });
      if (answer.reason === "timeout") throw new Error("no answer in time");
      this.#isAway = false;
      return answer;
    } catch (error) {
      if (!this.#isAway)
        this.#log.warn({ err: error }, "the store does not answer: the failed-key guard counts in this process alone");
      this.#isAway = true;
      return null;
    }
  }
}

type Rule = (typeof RULES)[Counted];

function limiters(
  redis: Redis,
  prefixOf: (what: Counted) => string,
  algorithm: (rule: Rule) => RatelimitConfig["limiter"],
): Record<Counted, Ratelimit> {
  // The package's block cache is off (it does not know which limit refused), and so are analytics: one request per attempt.
  const one = (name: Counted) => {
    const settings = {
      prefix: prefixOf(name),
      ephemeralCache: false,
      analytics: false,
      enableTelemetry: false,
      timeout: ANSWER_MS,
    } as const;
    return new Ratelimit({ redis, limiter: algorithm(RULES[name]), ...settings });
  };
  return {
    failed_key: one("failed_key"),
    failed_key_site: one("failed_key_site"),
    sign_in: one("sign_in"),
    admin_api: one("admin_api"),
    sign_in_account: one("sign_in_account"),
    confirm_session: one("confirm_session"),
    confirm_account: one("confirm_account"),
  };
}

/** A fixed window in this process, in the package's form of an algorithm. Bounded: the oldest addresses are dropped. */
function inProcess(rule: Rule, clock: Clock): RatelimitConfig["limiter"] {
  const counts = new LRUCache<string, { window: number; used: number }>({ max: BLOCKED_MAX });
  const at = (id: string) => {
    const window = Math.floor(clock.now() / rule.windowMs);
    const known = counts.get(id);
    return { window, used: known?.window === window ? known.used : 0, reset: (window + 1) * rule.windowMs };
  };
  return () => ({
    async limit(_context, id, rate = 1) {
      const { window, used, reset } = at(id);
      const success = rate < 0 || used < rule.tokens;
      if (success) counts.set(id, { window, used: Math.max(0, used + rate) });
      const remaining = Math.max(0, rule.tokens - used - rate);
      return { success, limit: rule.tokens, remaining, reset, pending: Promise.resolve() };
    },
    async getRemaining(_context, id) {
      const { used, reset } = at(id);
      return { remaining: rule.tokens - used, reset, limit: rule.tokens };
    },
    async resetTokens(_context, id) {
      counts.delete(id);
    },
  });
}

/** The in-process algorithm uses no store. Any call of this one throws. */
const NO_REDIS = new Redis({ request: () => Promise.reject(new Error("there is no store")) });

const PER_ADDRESS: ReadonlySet<Guarded> = new Set(["failed_key", "sign_in", "admin_api"]);

type Subject = { readonly what: Counted; readonly id: string };

/** The names that one attempt counts under. Account names are not stored in plain text. */
function subjectsOf(what: Guarded, who: string): Subject[] {
  if (!PER_ADDRESS.has(what)) return [{ what, id: createHash("sha256").update(who).digest("base64url") }];
  const own: Subject = { what, id: networkOf(who) };
  const site = what === "failed_key" ? siteOf(who) : null;
  return site === null ? [own] : [own, { what: "failed_key_site", id: site }];
}

function nameOf({ what, id }: Subject): string {
  return `${what} ${id}`;
}
