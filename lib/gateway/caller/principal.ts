import { hash } from "node:crypto";
import ipaddr from "ipaddr.js";
import { LRUCache } from "lru-cache";
import type { KeyRow } from "@/db/queries/limits/config";
import type { Clock } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import type { Log } from "@/lib/log";
import { coalesced } from "@/lib/policy/snapshot/coalesced";
import type { CurrentPolicy } from "@/lib/policy/snapshot/current-policy";
import type { Snapshot, Tenant, Tier } from "@/lib/policy/snapshot/snapshot";
import type { Exchange } from "../exchange/exchange";
import { noted } from "../exchange/noted";
import { hashApiKey, parseApiKey, sameHash } from "./api-key";

/** The authenticated caller, and the policy version of this result. */
export type Principal = {
  readonly tenant: Tenant;
  readonly tier: Tier;
  readonly key: KeyRow;
  readonly policyVersion: number;
};

/**
 * Cache time of a key's row under one policy version. It bounds the effect of rows that were edited by hand without a
 * new version.
 */
const FRESH_MS = 30_000;
const STALE_MS = 15 * 60_000;
const CACHE_MAX = 50_000;
/** Minimum time between two reads of keys. Keys requested in between are read together. */
const READ_PAUSE_MS = 1;
/** The policy may change while a key is read, so each try reads it again. */
const READS_MAX = 4;
/** Compared when the key does not exist, so an unknown id takes as long as a wrong secret. */
const NO_HASH = "0".repeat(64);

/**
 * A row, and the version in force before its read started. The row contains all changes of that version. `digest`: of
 * the key that had the row's hash.
 */
type Known = { readonly row: KeyRow; readonly version: number; readonly at: number; readonly digest: string };
/**
 * `digest`: of the key, without a pepper. It is never stored, and 256 random bits cannot be found from it.
 * `hmacs`: with the newest pepper first, then with the earlier peppers.
 */
type Given = {
  readonly id: string;
  readonly digest: string;
  readonly hmacs: () => readonly string[];
  readonly exchange: Exchange;
};
/** `tenantId`: the key's tenant, proven by the secret; null = unknown. */
type Judged = { readonly principal: Principal } | { readonly refused: PublicError; readonly tenantId: string | null };
/** The public id of a refused key, and its tenant if the secret proved it. */
export type Presented = { readonly keyId: string; readonly tenantId: string | null };

/**
 * Turns a request's credential into a principal. Order: exactly one credential, form, checksum, then the row (cached
 * under its policy version), then a constant-time comparison: of keyed hashes, or with a cached row of plain digests, which
 * take a ninth of the time. Invariant: a row is used only under the version in force
 * when its read started, so a revocation, suspension or narrowing takes effect with its version. A refusal is given
 * only after a database read, with the same steps for an unknown key and a wrong secret. Fail mode: while the database
 * is away, a key that was read under the version in force is served for 15 minutes. Any other key gets 503, not 401.
 */
export class KeyRing {
  readonly #cache = new LRUCache<string, Known>({ max: CACHE_MAX });
  readonly #principals = noted<Exchange, Principal>();
  readonly #presented = noted<Exchange, Presented>();
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #policy: Pick<CurrentPolicy, "snapshot" | "news">;
  readonly #peppers: readonly string[];
  readonly #pepperVersion: number;
  readonly #rehash: (key: KeyRow, hmac: string) => Promise<void>;
  readonly #read: (id: string) => Promise<ReadonlyMap<string, KeyRow>>;
  #isAway = false;

  constructor(input: {
    findKeys: (ids: readonly string[]) => Promise<readonly KeyRow[]>;
    clock: Clock;
    log: Log;
    policy: Pick<CurrentPolicy, "snapshot" | "news">;
    /** the newest pepper first, then the earlier ones */
    peppers: readonly string[];
    /** number of the newest pepper, from 1 */
    pepperVersion: number;
    /** stores a key's hash with the newest pepper */
    rehash: (key: KeyRow, hmac: string) => Promise<void>;
  }) {
    this.#clock = input.clock;
    this.#log = input.log;
    this.#policy = input.policy;
    this.#peppers = input.peppers;
    this.#pepperVersion = input.pepperVersion;
    this.#rehash = input.rehash;
    this.#read = coalesced((ids) => this.#readOnce(input.findKeys, ids), READ_PAUSE_MS);
  }

  /** Whether the database is away, so keys are served from memory. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** The principal of an authenticated request, for the headers of its answer. */
  knownAs(exchange: Exchange): Principal | null {
    return this.#principals.get(exchange) ?? null;
  }

  /** The key of a refused request; null if it had none or a valid one. */
  presentedBy(exchange: Exchange): Presented | null {
    return this.#presented.get(exchange) ?? null;
  }

  async authenticate(exchange: Exchange): Promise<Principal> {
    // A key that was known before and is refused now has no principal.
    this.#principals.set(exchange, undefined);
    const principal = await this.#authenticated(exchange);
    this.#principals.set(exchange, principal);
    return principal;
  }

  async #authenticated(exchange: Exchange): Promise<Principal> {
    const text = credentialOf(exchange);
    const parsed = parseApiKey(text);
    if (parsed === null) throw invalidKey();
    const hmacs = () => this.#peppers.map((pepper) => hashApiKey(text, pepper));
    const given = { id: parsed.id, digest: hash("sha256", text), hmacs, exchange };
    const known = this.#known(given, this.#isAway ? STALE_MS : FRESH_MS);
    if (known === null) return this.#asked(given);
    // Served from memory. One request at a time asks the database in the background.
    if (this.#isAway) void this.#read(given.id).catch(() => undefined);
    return known;
  }

  /** The same for requests without an admission, which would notice a newer policy. Reads the newest policy first. */
  async authenticateNow(exchange: Exchange): Promise<Principal> {
    await this.#policy.news();
    return this.authenticate(exchange);
  }

  /** The current principal: the same, or authenticated again if the policy has changed or the key has expired. */
  async current(exchange: Exchange, principal: Principal): Promise<Principal> {
    return this.isCurrent(principal) ? principal : this.authenticate(exchange);
  }

  isCurrent({ policyVersion, key }: Principal): boolean {
    return policyVersion === this.#policy.snapshot.version && !hasExpired(key, this.#clock.now());
  }

  /** The principal from memory; null if the memory is too old or would refuse it. */
  #known(given: Given, oldestMs: number): Principal | null {
    const { snapshot } = this.#policy;
    const known = this.#cache.get(given.id);
    if (known?.version !== snapshot.version || this.#clock.now() - known.at >= oldestMs) return null;
    if (!sameHash(given.digest, known.digest)) return null;
    const judged = this.#permitted(known.row, given, snapshot);
    return "principal" in judged ? judged.principal : null;
  }

  async #asked(given: Given): Promise<Principal> {
    for (let reads = 0; reads < READS_MAX; reads++) {
      const { version } = this.#policy.snapshot;
      const at = this.#clock.now();
      const row = await this.#rowOf(given);
      if (row === "away") return this.#fromMemory(given);
      const { snapshot } = this.#policy;
      // The row may be older than the latest change.
      if (snapshot.version !== version) continue;
      const judged = this.#judged(row, given, snapshot);
      if ("principal" in judged) {
        this.#cache.set(given.id, { row: judged.principal.key, version, at, digest: given.digest });
        this.#renew(judged.principal.key, given);
        return judged.principal;
      }
      if ((await this.#policy.news()) === "unknown") throw unavailable();
      if (this.#policy.snapshot.version !== version) continue;
      this.#presented.set(given.exchange, { keyId: given.id, tenantId: judged.tenantId });
      throw judged.refused;
    }
    throw unavailable();
  }

  /**
   * Rehashes a key with the newest pepper. If the write fails, the next read tries again. A process with an earlier
   * pepper does not touch hashes of a later one.
   */
  #renew(key: KeyRow, { hmacs }: Given): void {
    const [newest] = hmacs();
    if (newest === undefined || newest === key.hmac || key.pepperVersion >= this.#pepperVersion) return;
    this.#rehash(key, newest).catch((error: unknown) =>
      this.#log.warn({ err: error }, "could not rehash a key with the newest pepper; retrying at a later use"),
    );
  }

  async #rowOf({ id }: Given): Promise<KeyRow | null | "away"> {
    try {
      return (await this.#read(id)).get(id) ?? null;
    } catch {
      // Logged at the read, once for all callers that shared it.
      return "away";
    }
  }

  #fromMemory(given: Given): Principal {
    const known = this.#known(given, STALE_MS);
    if (known === null) throw unavailable();
    return known;
  }

  async #readOnce(
    findKeys: (ids: readonly string[]) => Promise<readonly KeyRow[]>,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, KeyRow>> {
    try {
      const rows = await findKeys(ids);
      if (this.#isAway) this.#log.warn("keys are checked in the database again");
      this.#isAway = false;
      return new Map(rows.map((row) => [row.id, row]));
    } catch (error) {
      const minutes = STALE_MS / 60_000;
      const text = `keys cannot be checked: known keys are served from memory for ${minutes} minutes, others get 503`;
      if (!this.#isAway) this.#log.error({ err: error }, text);
      this.#isAway = true;
      throw error;
    }
  }

  #judged(row: KeyRow | null, given: Given, snapshot: Snapshot): Judged {
    const matches = given.hmacs().some((hmac) => sameHash(hmac, row?.hmac ?? NO_HASH));
    if (row === null || !matches) return { refused: invalidKey(), tenantId: null };
    return this.#permitted(row, given, snapshot);
  }

  /** What a key whose secret is proven may do. */
  #permitted(row: KeyRow, { exchange }: Given, { version, tenants, tiers }: Snapshot): Judged {
    const { tenantId } = row;
    if (row.status !== "active") return { refused: invalidKey(), tenantId };
    if (hasExpired(row, this.#clock.now())) {
      const message = `This API key expired at ${row.expiresAt?.toISOString()}.`;
      return { refused: new PublicError("key_expired", message), tenantId };
    }
    const tenant = tenants.get(row.tenantId);
    const tier = tenant && tiers.get(tenant.tierId);
    if (tenant === undefined || tier === undefined) return { refused: invalidKey(), tenantId };
    if (tenant.status !== "active")
      return { refused: new PublicError("tenant_suspended", "This organisation is suspended."), tenantId };
    if (row.ipAllow !== null && !isAllowed(exchange.clientAddress, row.ipAllow)) {
      const message = "This API key may not be used from this address.";
      return { refused: new PublicError("ip_not_allowed", message), tenantId };
    }
    return { principal: { tenant, tier, key: row, policyVersion: version } };
  }
}

function hasExpired({ expiresAt }: KeyRow, now: number): boolean {
  return expiresAt !== null && expiresAt.getTime() <= now;
}

function unavailable(): PublicError {
  const message = "The key cannot be checked at the moment. Please try again shortly.";
  return new PublicError("auth_unavailable", message, { retryAfterSeconds: 2 });
}

/** The one credential of a request, from the headers that SDKs use. */
function credentialOf(exchange: Exchange): string {
  if (/(^|&)(api[_-]?key|key|token)=/i.test(exchange.query)) {
    throw new PublicError(
      "key_in_url",
      "API keys in the URL are refused, because URLs end up in logs. Send the key in the Authorization header, and replace this key.",
    );
  }
  const bearer = /^bearer +(\S+)$/i.exec(exchange.header("authorization")?.trim() ?? "")?.[1];
  const found = [bearer, exchange.header("x-api-key")?.trim(), exchange.header("api-key")?.trim()].filter(
    (value) => value !== undefined && value !== "",
  );
  const [first] = found;
  if (first === undefined) {
    throw new PublicError(
      "missing_api_key",
      "No API key was sent. Send it as `Authorization: Bearer sw_...` or in `x-api-key`.",
    );
  }
  if (found.some((value) => value !== first)) {
    throw new PublicError(
      "ambiguous_credentials",
      "Authorization and x-api-key contain two different API keys. Send one key.",
    );
  }
  if (first.startsWith("sk-")) {
    throw new PublicError(
      "provider_key_sent",
      "This looks like a provider's own key. Send your Spillway key, which starts with sw_, and replace the provider's key.",
    );
  }
  return first;
}

function invalidKey(): PublicError {
  return new PublicError("invalid_api_key", "This API key is not valid.");
}

function isAllowed(address: string, ranges: readonly string[]): boolean {
  const parsed = ipaddr.process(address);
  return ranges.some((range) => {
    const [network, bits] = ipaddr.parseCIDR(range);
    return parsed.kind() === network.kind() && parsed.match([network, bits]);
  });
}
