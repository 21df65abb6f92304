import type { Intent } from "@/lib/ledger/journal-line";
import { isCounting } from "@/lib/limits/cost";
import { FREE_OF_CHARGE } from "@/lib/money/price";
import { credentialName } from "@/lib/policy/rows/credential-row";
import type { Call } from "@/lib/wire/call";
import type { Attempt } from "./attempt";
import type { Candidate } from "./candidates";

/** The call's ledger data before it is sent, for each way to serve it. */
export type IntentOf = {
  /**
   * Stored with the reservation for the process that settles the call if this one dies. `storedIntent` reads it back.
   */
  readonly text: string;
  /** The intent of the chosen way, as decided. */
  of(planIndex: number, decided: { readonly admittedAt: Date; readonly limitMode: "local" | "shared" }): Intent;
};

/** What holds on every way. */
type Common = Omit<Intent, keyof ReturnType<typeof wayOf> | "limitMode">;

type Stored = { readonly call: Partial<Intent>; readonly ways: readonly Partial<Intent>[] };

export function intentsOf(attempt: Attempt, candidates: readonly [Candidate, ...Candidate[]]): IntentOf {
  const { tools, exchange, principal, call, policy, requestId } = attempt;
  const [{ subject }] = candidates;
  const common: Common = {
    requestId,
    tenantId: principal.tenant.id,
    tierId: principal.tier.id,
    keyId: principal.key.id,
    keyFamilyId: principal.key.familyId,
    userDigest: subject.facts.userDigest ?? "",
    feature: subject.feature,
    session: subject.session,
    agent: subject.agent,
    tags: subject.tags,
    endpoint: call.endpoint,
    askedModel: call.model,
    policyVersion: policy.version,
    stream: call.stream,
    admittedAt: new Date(tools.clock.now()),
    instanceId: tools.instanceId,
    clientAddress: exchange.clientAddress,
    priority: subject.priority,
  };
  const ways = candidates.map((candidate) => wayOf(candidate, call));
  const [first] = ways;
  if (first === undefined) throw new Error("a call has at least one way to be served");
  return {
    text: JSON.stringify({ call: common, ways } satisfies Stored),
    of: (planIndex, decided) => intentOf(common, ways[planIndex] ?? first, decided),
  };
}

/**
 * The part that is the same on every way, member by member: a spread of this many members would cost 40 µs per call.
 */
function intentOf(
  call: Common,
  way: ReturnType<typeof wayOf>,
  { admittedAt, limitMode }: { readonly admittedAt: Date; readonly limitMode: "local" | "shared" },
): Intent {
  const { requestId, tenantId, tierId, keyId, keyFamilyId, userDigest, feature, endpoint, askedModel } = call;
  const { policyVersion, stream, instanceId, clientAddress, priority, session, agent, tags } = call;
  const { servedModel, providerId, credential, degradation, estimatedInputTokens, reservedInputTokens } = way;
  const { reservedOutputTokens, permits, inputPrice, cachedInputPrice, outputPrice, heldFeesMicroUsd } = way;
  const { serviceTier, price } = way;
  return {
    requestId,
    tenantId,
    tierId,
    keyId,
    keyFamilyId,
    userDigest,
    feature,
    endpoint,
    askedModel,
    policyVersion,
    stream,
    instanceId,
    clientAddress,
    priority,
    session,
    agent,
    tags,
    admittedAt,
    limitMode,
    servedModel,
    providerId,
    credential,
    degradation,
    estimatedInputTokens,
    reservedInputTokens,
    reservedOutputTokens,
    permits,
    inputPrice,
    cachedInputPrice,
    outputPrice,
    heldFeesMicroUsd,
    serviceTier,
    price,
  };
}

/** The part that differs between ways. */
function wayOf(candidate: Candidate, call: Call) {
  const { model, tokens, price, estimatedInputTokens, degradation, serviceTier } = candidate;
  const isFree = isCounting(call.endpoint);
  const times = isFree ? 0 : 1;
  return {
    servedModel: model.slug,
    providerId: model.provider.id,
    credential: credentialName(model.provider),
    degradation,
    estimatedInputTokens,
    reservedInputTokens: tokens.inputTokens,
    reservedOutputTokens: tokens.outputTokens,
    permits: tokens.permits,
    inputPrice: price.input * times,
    cachedInputPrice: model.price.cachedInput * times,
    outputPrice: price.output * times,
    heldFeesMicroUsd: price.fees * times,
    serviceTier,
    price: isFree ? FREE_OF_CHARGE : model.price,
  };
}
