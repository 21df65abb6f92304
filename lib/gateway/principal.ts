import ipaddr from "ipaddr.js";
import { LRUCache } from "lru-cache";
import type { Database } from "@/db/client";
import { findKey, type KeyRow } from "@/db/queries/config";
import type { Clock } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import type { CurrentPolicy } from "@/lib/policy/current";
import type { Tenant, Tier } from "@/lib/policy/snapshot";
import { hashApiKey, parseApiKey, sameHash } from "./api-key";
import type { Exchange } from "./exchange";

/** Who is calling, after authentication. */
export type Principal = { readonly tenant: Tenant; readonly tier: Tier; readonly key: KeyRow };

const FRESH_MS = 30_000;
const STALE_MS = 15 * 60_000;
const UNKNOWN_MS = 5_000;
const CACHE_MAX = 50_000;
/** Compared against when there is no such key, so that an unknown id takes as long as a wrong secret. */
const NO_HASH = "0".repeat(64);

/**
 * Turns a request's credential into a principal. Order: exactly one credential, form, checksum, then the look-up (cached),
 * then a constant-time comparison. Fail mode: with the database away known keys are served for 15 minutes; unknown ones
 * get 503, not 401.
 */
export class KeyRing {
  readonly #cache = new LRUCache<string, { row: KeyRow | null; at: number }>({ max: CACHE_MAX });
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #policy: CurrentPolicy;
  readonly #pepper: string;

  constructor(input: { db: Database; clock: Clock; policy: CurrentPolicy; pepper: string }) {
    this.#db = input.db;
    this.#clock = input.clock;
    this.#policy = input.policy;
    this.#pepper = input.pepper;
    // Revoking a key bumps the policy version, so a new snapshot makes every cached key stale at once.
    this.#policy.onChange(() => this.#cache.clear());
  }

  async authenticate(exchange: Exchange): Promise<Principal> {
    const text = credentialOf(exchange);
    const parsed = parseApiKey(text);
    if (parsed === null) throw invalidKey();
    const row = await this.#find(parsed.id);
    const matches = sameHash(hashApiKey(text, this.#pepper), row?.hmac ?? NO_HASH);
    if (row === null || !matches || row.status !== "active") throw invalidKey();
    if (row.expiresAt !== null && row.expiresAt.getTime() <= this.#clock.now()) {
      throw new PublicError("key_expired", `This API key expired at ${row.expiresAt.toISOString()}.`);
    }
    const { tenants, tiers } = this.#policy.snapshot;
    const tenant = tenants.get(row.tenantId);
    const tier = tenant && tiers.get(tenant.tierId);
    if (tenant === undefined || tier === undefined) throw invalidKey();
    if (tenant.status !== "active") throw new PublicError("tenant_suspended", "This organisation is suspended.");
    if (row.ipAllow !== null && !isAllowed(exchange.clientAddress, row.ipAllow)) {
      throw new PublicError("ip_not_allowed", "This API key may not be used from this address.");
    }
    return { tenant, tier, key: row };
  }

  async #find(id: string): Promise<KeyRow | null> {
    const now = this.#clock.now();
    const known = this.#cache.get(id);
    if (known !== undefined && now - known.at < (known.row === null ? UNKNOWN_MS : FRESH_MS)) return known.row;
    try {
      const row = await findKey(this.#db, id);
      this.#cache.set(id, { row, at: now });
      return row;
    } catch (error) {
      if (known?.row && now - known.at < STALE_MS) return known.row;
      throw new PublicError("auth_unavailable", "The key cannot be checked at the moment. Please try again shortly.", {
        cause: error,
        retryAfterSeconds: 2,
      });
    }
  }
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
