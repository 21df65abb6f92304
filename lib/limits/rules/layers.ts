import { tagMeant } from "./tags";

/**
 * The layers of limits, from the outside in. Checks are evaluated and reported in this order, so the first failing
 * check of a refusal is the outermost layer that said no.
 */
export const LAYERS = [
  "global",
  "provider",
  "model",
  "ip",
  "tenant",
  "user",
  "key",
  "endpoint",
  "feature",
  "session",
  "agent",
  "tag",
] as const;

export type Layer = (typeof LAYERS)[number];

/** The owner of a limit. */
export type Owner = "everyone" | "tier" | "key";

/**
 * The layers that each owner may limit. One counter over all tenants needs one number, so `global` and `provider` belong to
 * everyone: two tiers would contradict each other.
 */
export const LAYERS_OF: Readonly<Record<Owner, readonly Layer[]>> = {
  everyone: ["global", "provider", "model", "ip"],
  tier: ["model", "ip", "tenant", "user", "key", "endpoint", "feature", "session", "agent", "tag"],
  key: ["ip", "user", "key", "session", "agent", "tag"],
};

/** For each tag: `name=value` as the caller wrote it, and its digest. */
export type TagFacts = ReadonlyMap<string, { readonly text: string; readonly digest: string }>;
export const NO_TAGS: TagFacts = new Map();

/** The facts of one call that decide which subject of each layer it counts against. Server-made ids only. */
export type CallFacts = {
  readonly tenantId: string;
  readonly tierId: string;
  readonly keyFamilyId: string;
  /** Digest of the caller's end-user name, null when none was given: then the call has no user layer. */
  readonly userDigest: string | null;
  /** Digest of the caller's feature name, null when none was given. */
  readonly featureDigest: string | null;
  /** Digests of the agent's run that a call belongs to, and of the agent in it; null when it belongs to none. */
  readonly sessionDigest: string | null;
  readonly agentDigest: string | null;
  /** The tags of a call by their names. */
  readonly tags: TagFacts;
  /** The same for every tenant. */
  readonly addressDigest: string;
  readonly endpoint: string;
  readonly modelId: string;
  readonly providerId: string;
};

/**
 * The subject that a layer counts for, or null when the call has none in that layer. One counter over all tenants:
 * `global`, `provider` and `ip` always, `model` when the limit is for everyone. Every other subject starts with the
 * tenant id, so that no two tenants share a counter. `meant`: the tag of a limit of that layer.
 */
export function subjectOf(
  layer: Layer,
  facts: CallFacts,
  isForEveryone = false,
  meant: string | undefined = undefined,
): string | null {
  switch (layer) {
    case "global":
      return "global";
    case "provider":
      return `provider:${facts.providerId}`;
    case "model":
      return isForEveryone ? `model:${facts.modelId}` : `t:${facts.tenantId}:model:${facts.modelId}`;
    case "ip":
      return `ip:${facts.addressDigest}`;
    case "tenant":
      return `t:${facts.tenantId}:tenant`;
    case "user":
      return facts.userDigest === null ? null : `t:${facts.tenantId}:user:${facts.userDigest}`;
    case "key":
      return `t:${facts.tenantId}:key:${facts.keyFamilyId}`;
    case "endpoint":
      return `t:${facts.tenantId}:endpoint:${facts.endpoint}`;
    case "feature":
      return facts.featureDigest === null ? null : `t:${facts.tenantId}:feature:${facts.featureDigest}`;
    case "session":
      return facts.sessionDigest === null ? null : `t:${facts.tenantId}:session:${facts.sessionDigest}`;
    case "agent":
      return facts.agentDigest === null ? null : `t:${facts.tenantId}:agent:${facts.agentDigest}`;
    case "tag":
      return tagSubject(facts, meant);
    default:
      return layer satisfies never;
  }
}

/**
 * Whether a counter is one over all tenants, so that its numbers tell of other tenants and of the platform. A client address
 * is the caller's own.
 */
export function isOverAllTenants({ layer, subject }: { readonly layer: Layer; readonly subject: string }): boolean {
  return layer === "global" || layer === "provider" || (layer === "model" && subject.startsWith("model:"));
}

function tagSubject({ tenantId, tags }: CallFacts, meant: string | undefined): string | null {
  const tag = meant === undefined || tags.size === 0 ? null : tagMeant(meant);
  const found = tag === null ? undefined : tags.get(tag.name);
  if (found === undefined || (tag?.value != null && found.text !== meant)) return null;
  return `t:${tenantId}:tag:${found.digest}`;
}
