import { createHmac } from "node:crypto";
import { LRUCache } from "lru-cache";
import { NO_TAGS, type TagFacts } from "@/lib/limits/rules/layers";
import type { Tag } from "@/lib/limits/rules/tags";

/** Calls that name no user share one, so that leaving the name out does not evade the user's limits. */
const NO_USER = "\u0000none";
const DIGEST_CHARS = 22;
/** About 5 MB. */
const LATELY_MAX = 20_000;
const LATELY_CHARS_MAX = 128;

type NameKind = "user" | "feature" | "session" | "agent" | "tag";
type DigestKind = NameKind | "ip" | "idempotency" | "body";

/** A caller-chosen name, hashed with a secret for a counter's key: no text of it survives, nobody can guess another's. */
export function digest(secret: string, kind: DigestKind, tenantId: string, name: string): string {
  return createHmac("sha256", secret)
    .update(`${kind}\n${tenantId}\n${name}`)
    .digest("base64url")
    .slice(0, DIGEST_CHARS);
}

/** Names that callers repeat: an address or a user that was seen recently costs no hash. */
const lately = new LRUCache<string, string>({ max: LATELY_MAX });

function digestLately(secret: string, kind: NameKind | "ip", tenantId: string, name: string): string {
  if (name.length > LATELY_CHARS_MAX) return digest(secret, kind, tenantId, name);
  const id = `${kind}\n${tenantId}\n${name}\n${secret}`;
  const known = lately.get(id);
  if (known !== undefined) return known;
  const made = digest(secret, kind, tenantId, name);
  lately.set(id, made);
  return made;
}

/** The counter subject of a feature as its caller names it. */
export function featureDigest(secret: string, tenantId: string, feature: string): string {
  return digestLately(secret, "feature", tenantId, feature);
}

/** The counter subjects of a call's names other than its user; null where it names nothing. */
export function namedDigests(
  secret: string,
  tenantId: string,
  { feature, session, agent }: { feature: string | null; session: string | null; agent: string | null },
) {
  const of = (kind: NameKind, name: string | null) =>
    name === null ? null : digestLately(secret, kind, tenantId, name);
  return {
    featureDigest: of("feature", feature),
    sessionDigest: of("session", session),
    agentDigest: of("agent", agent),
  };
}

/** The counter subjects of a call's tags. */
export function tagFacts(secret: string, tenantId: string, tags: readonly Tag[]): TagFacts {
  if (tags.length === 0) return NO_TAGS;
  return new Map(tags.map(({ name, text }) => [name, { text, digest: digestLately(secret, "tag", tenantId, text) }]));
}

/** An address in counters; the same for every tenant, because limits per address count over all of them. */
export function addressDigest(secret: string, address: string): string {
  return digestLately(secret, "ip", "", address);
}

/** The counter subject of an end user, or of the callers that name none. */
export function userDigest(secret: string, tenantId: string, user: string | null): string {
  return digestLately(secret, "user", tenantId, user ?? NO_USER);
}
