import { createHmac } from "node:crypto";

/** Calls that name no user share one, so that leaving the name out does not evade the user's limits. */
const NO_USER = "\u0000none";
const DIGEST_CHARS = 22;

type DigestKind = "user" | "feature" | "ip" | "idempotency" | "body";

/** A caller-chosen name as it may appear in a counter's key: no character of it survives, nobody can guess another's. */
export function digest(secret: string, kind: DigestKind, tenantId: string, name: string): string {
  return createHmac("sha256", secret)
    .update(`${kind}\n${tenantId}\n${name}`)
    .digest("base64url")
    .slice(0, DIGEST_CHARS);
}

/** An address in counters; the same for every tenant, because limits per address count over all of them. */
export function addressDigest(secret: string, address: string): string {
  return digest(secret, "ip", "", address);
}

/** The counter subject of an end user, or of the callers that name none. */
export function userDigest(secret: string, tenantId: string, user: string | null): string {
  return digest(secret, "user", tenantId, user ?? NO_USER);
}
