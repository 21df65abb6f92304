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

/** Who is calling, after authentication, and the policy version under which all of this holds. */
export type Principal = {
  readonly tenant: Tenant;
  readonly tier: Tier;
  readonly key: KeyRow;
  readonly policyVersion: number;
};

/** How long a key's row is good under one policy version: for rows that were changed by hand, without a new version. */
const FRESH_MS = 30_000;
const STALE_MS = 15 * 60_000;
const CACHE_MAX = 50_000;
/** Between two reads of keys; all that are asked for meanwhile are read at once. */
const READ_PAUSE_MS = 1;
/** The policy may change while a key is read; each try reads it again. */
const READS_MAX = 4;
/** Compared against when there is no such key, so that an unknown id takes as long as a wrong secret. */
const NO_HASH = "0".repeat(64);

/** A row, and the version in force before its reading began: it holds all that this version changed. */
type Known = { readonly row: KeyRow; readonly version: number; readonly at: number };
/** `hmacs`: by the pepper of new hashes, then by those that are still accepted. */
type Given = { readonly id: string; readonly hmacs: readonly string[]; readonly exchange: Exchange };
/** `tenantId`: whose key it is, proven by its secret; null = nobody's. */
type Judged = { readonly principal: Principal } | { readonly refused: PublicError; readonly tenantId: string | null };
/** The public id of a key that was refused, and whose it is when its secret proved that. */
export type Presented = { readonly keyId: string; readonly tenantId: string | null };

/**
 * Turns a request's credential into a principal. Order: exactly one credential, form, checksum, then the row (cached under
 * its policy version), then a constant-time comparison. Invariant: a row is used only under the version under which its
 * reading began, so what a revocation, a suspension or a narrowing made void is void with the version that says so.
 * A refusal is given only after the database was asked, by the same steps for an unknown key as for a wrong secret.
 * Fail mode: with the database away a key that was read under the version in force is served for 15 minutes; all else is
 * 503, not 401.
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
    /** the one of new hashes, then those that are still accepted */
    peppers: readonly string[];
    /** how often the pepper was changed, from 1 */
    pepperVersion: number;
    /** stores a key's hash by the newest pepper */
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

  /** Whether the database does not answer, so that keys are served from memory. */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Whose request this is, once it was authenticated; for the headers of its answer. */
  knownAs(exchange: Exchange): Principal | null {
    return this.#principals.get(exchange) ?? null;
  }

  /** What a refused request came with; null when it had no key, or a sound one. */
  presentedBy(exchange: Exchange): Presented | null {
    return this.#presented.get(exchange) ?? null;
  }

  async authenticate(exchange: Exchange): Promise<Principal> {
    // One that was known a moment ago and is refused now is nobody's.
    this.#principals.set(exchange, undefined);
    const principal = await this.#authenticated(exchange);
    this.#principals.set(exchange, principal);
    return principal;
  }

  async #authenticated(exchange: Exchange): Promise<Principal> {
    const text = credentialOf(exchange);
    const parsed = parseApiKey(text);
    if (parsed === null) throw invalidKey();
    const given = { id: parsed.id, hmacs: this.#peppers.map((pepper) => hashApiKey(text, pepper)), exchange };
    const known = this.#known(given, this.#isAway ? STALE_MS : FRESH_MS);
    if (known === null) return this.#asked(given);
    // Served from memory: the database is asked meanwhile, by one request at a time.
    if (this.#isAway) void this.#read(given.id).catch(() => undefined);
    return known;
  }

  /** The same where no admission follows that would notice a newer policy: it is asked for first. */
  async authenticateNow(exchange: Exchange): Promise<Principal> {
    await this.#policy.news();
    return this.authenticate(exchange);
  }

  /** The principal as it is now: itself, or authenticated again when the policy has changed or its key has expired. */
  async current(exchange: Exchange, principal: Principal): Promise<Principal> {
    return this.isCurrent(principal) ? principal : this.authenticate(exchange);
  }

  isCurrent({ policyVersion, key }: Principal): boolean {
    return policyVersion === this.#policy.snapshot.version && !hasExpired(key, this.#clock.now());
  }

  /** The principal by what is in memory; null when that is too old or would refuse it. */
  #known(given: Given, oldestMs: number): Principal | null {
    const { snapshot } = this.#policy;
    const known = this.#cache.get(given.id);
    if (known?.version !== snapshot.version || this.#clock.now() - known.at >= oldestMs) return null;
    const judged = this.#judged(known.row, given, snapshot);
    return "principal" in judged ? judged.principal : null;
  }

  async #asked(given: Given): Promise<Principal> {
    for (let reads = 0; reads < READS_MAX; reads++) {
      const { version } = this.#policy.snapshot;
      const at = this.#clock.now();
      const row = await this.#rowOf(given);
      if (row === "away") return this.#fromMemory(given);
      const { snapshot } = this.#policy;
      // The row may be from before what has changed meanwhile.
      if (snapshot.version !== version) continue;
      const judged = this.#judged(row, given, snapshot);
      if ("principal" in judged) {
        this.#cache.set(given.id, { row: judged.principal.key, version, at });
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
   * A key that was hashed by an earlier pepper is hashed by the newest. One that is not stored is, when it is next read. A
   * process that still has an earlier pepper as its own leaves alone what a later one has hashed.
   */
  #renew(key: KeyRow, { hmacs: [newest] }: Given): void {
    if (newest === undefined || newest === key.hmac || key.pepperVersion >= this.#pepperVersion) return;
    this.#rehash(key, newest).catch((error: unknown) =>
      this.#log.warn({ err: error }, "a key was not hashed again by the newest pepper; it will be with a later use"),
    );
  }

  async #rowOf({ id }: Given): Promise<KeyRow | null | "away"> {
    try {
      return (await this.#read(id)).get(id) ?? null;
    } catch {
      // Logged where it was read, once for all who shared the request.
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
      const text = `keys cannot be checked: those known here are served from memory for ${minutes} minutes, others get 503`;
      if (!this.#isAway) this.#log.error({ err: error }, text);
      this.#isAway = true;
      throw error;
    }
  }

  #judged(row: KeyRow | null, { hmacs, exchange }: Given, { version, tenants, tiers }: Snapshot): Judged {
    const matches = hmacs.some((hmac) => sameHash(hmac, row?.hmac ?? NO_HASH));
    if (row === null || !matches) return { refused: invalidKey(), tenantId: null };
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

/** The one credential of a request, from the places that SDKs put it. */
function credentialOf(exchange: Exchange): string {
  if (/(^|&)(api[_-]?key|key|token)=/i.test(exchange.query)) {
    throw new PublicError(
      "key_in_url",
      "API keys in the URL end up in logs and are refused. Send it in the Authorization header, and replace this one.",
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
      "Two different API keys were sent, in Authorization and in x-api-key. Send one.",
    );
  }
  if (first.startsWith("sk-")) {
    throw new PublicError(
      "provider_key_sent",
      "This looks like a provider's own key. Send your Spillway key, which begins with sw_, and replace the other one.",
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
