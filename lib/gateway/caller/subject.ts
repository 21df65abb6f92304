import { addressDigest, namedDigests, tagFacts, userDigest } from "@/lib/admission/digest";
import { PublicError } from "@/lib/errors";
import type { BrakeFacts } from "@/lib/limits/brake";
import { type CallFacts, NO_TAGS } from "@/lib/limits/rules/layers";
import { asPriority, PRIORITIES, type Priority, priorityFor, USUAL_PRIORITY } from "@/lib/limits/rules/priority";
import { readTags, type Tag, tagsText } from "@/lib/limits/rules/tags";
import type { Model } from "@/lib/providers/catalog";
import type { Call, Endpoint } from "@/lib/wire/call";
import { hasNul } from "@/lib/wire/json/stored-text";
import type { Exchange } from "../exchange/exchange";
import type { Principal } from "./principal";

/** The subject of a call, as limits and brakes name it. */
export type CallSubject = {
  readonly facts: CallFacts;
  readonly brakeFacts: BrakeFacts;
  /** The end user that the caller named; null = none. */
  readonly user: string | null;
  readonly feature: string | null;
  /** the agent's session and the agent in it, as named by the caller or its client */
  readonly session: string | null;
  readonly agent: string | null;
  /** all tags in one text, as stored in the ledger */
  readonly tags: string | null;
  readonly priority: Priority;
};

const NAME_CHARS_MAX = 512;

export function subjectOfCall(input: {
  digestSecret: string;
  exchange: Exchange;
  principal: Principal;
  endpoint: Endpoint;
  model: Model;
  bodyUser: string | null;
}): CallSubject {
  const { digestSecret, exchange, principal, model, endpoint } = input;
  const user = nameFrom(exchange, "x-spillway-user") ?? (input.bodyUser || null);
  const feature = featureOf(exchange);
  const session = firstName(exchange, SESSION_HEADERS);
  const agent = firstName(exchange, AGENT_HEADERS);
  const tags = tagsOf(exchange);
  const tenantId = principal.tenant.id;
  const facts: CallFacts = {
    ...factsOfCaller({ digestSecret, exchange, principal, user }),
    ...namedDigests(digestSecret, tenantId, { feature, session, agent }),
    tags: tagFacts(digestSecret, tenantId, tags),
    endpoint,
    modelId: model.id,
    providerId: model.provider.id,
  };
  const priority = priorityOf(exchange, principal);
  if (priority === null) {
    const message = `x-spillway-priority must be one of ${PRIORITIES.join(", ")}.`;
    throw new PublicError("invalid_value", message, { param: PRIORITY_HEADER });
  }
  const brakeFacts: BrakeFacts = {
    tenant: principal.tenant.slug,
    tier: principal.tier.slug,
    key: principal.key.id,
    model: model.slug,
    provider: model.provider.slug,
    endpoint,
    user: user ?? "",
    session: session ?? "",
    agent: agent ?? "",
    tags: tags.map(({ text }) => text),
    priority,
  };
  return { facts, brakeFacts, user, feature, session, agent, tags: tagsText(tags), priority };
}

/** The subject of a caller before a model is known. */
export function factsOfCaller(input: {
  readonly digestSecret: string;
  readonly exchange: Exchange;
  readonly principal: Principal;
  readonly user: string | null;
}): Omit<CallFacts, "endpoint" | "modelId" | "providerId"> & {
  readonly endpoint: null;
  readonly modelId: null;
  readonly providerId: null;
} {
  const { digestSecret, exchange, principal, user } = input;
  const tenantId = principal.tenant.id;
  return {
    tenantId,
    tierId: principal.tier.id,
    keyFamilyId: principal.key.familyId,
    userDigest: userDigest(digestSecret, tenantId, user),
    featureDigest: null,
    sessionDigest: null,
    agentDigest: null,
    tags: NO_TAGS,
    addressDigest: addressDigest(digestSecret, exchange.clientAddress),
    endpoint: null,
    modelId: null,
    providerId: null,
  };
}

/**
 * The caller whose early retries count together. It is as narrow as the call says, so a hammering caller lengthens
 * nobody else's wait. It includes the address, because many callers of a key name no user.
 */
export function callerOf({ endpoint, model }: Pick<Call, "endpoint" | "model">, facts: CallFacts): string {
  const { keyFamilyId, userDigest, featureDigest, addressDigest } = facts;
  return [keyFamilyId, userDigest, featureDigest, addressDigest, endpoint, model].join(":");
}

/** The feature of a call, as named by the caller. */
export function featureOf(exchange: Exchange): string | null {
  return nameFrom(exchange, "x-spillway-feature");
}

/** Spillway's header first, then the headers of coding agents: Claude Code, Codex, opencode. */
const SESSION_HEADERS = ["x-spillway-session", "x-claude-code-session-id", "session_id", "x-session-affinity"];
const AGENT_HEADERS = ["x-spillway-agent", "x-claude-code-agent-id"];

function firstName(exchange: Exchange, headers: readonly string[]): string | null {
  for (const header of headers) {
    const name = nameFrom(exchange, header);
    if (name !== null) return name;
  }
  return null;
}

const TAGS_HEADER = "x-spillway-tags";

/** The tags of a call. An invalid tag is refused, because a mistyped cost centre would belong to nobody. */
function tagsOf(exchange: Exchange): readonly Tag[] {
  const header = exchange.header(TAGS_HEADER);
  if (header === undefined) return [];
  const read = readTags(header);
  if (read.kind === "tags") return read.tags;
  throw new PublicError("invalid_value", `${TAGS_HEADER} ${read.fault}`, { param: TAGS_HEADER });
}

const PRIORITY_HEADER = "x-spillway-priority";

/**
 * The priority of a call: as its caller says, never above the key's maximum. Null = the caller sent an invalid
 * priority.
 */
export function priorityOf(exchange: Exchange, { key }: Principal): Priority | null {
  const said = exchange.header(PRIORITY_HEADER)?.trim() || null;
  const asked = said === null ? null : asPriority(said.toLowerCase());
  if (said !== null && asked === null) return null;
  return priorityFor(asked, asPriority(key.priority) ?? USUAL_PRIORITY);
}

function nameFrom(exchange: Exchange, header: string): string | null {
  const value = exchange.header(header)?.trim();
  if (value === undefined || value === "") return null;
  if (value.length > NAME_CHARS_MAX)
    throw new PublicError("invalid_value", `${header} is longer than ${NAME_CHARS_MAX} characters.`, { param: header });
  if (hasNul(value)) throw new PublicError("invalid_value", `${header} must not contain U+0000.`, { param: header });
  return value;
}
