import type { RefusedCall } from "@/db/queries/books/refused";
import type { MetLimit } from "@/db/schema/books";
import type { AdmitReply } from "@/lib/admission/admission";
import { isCounting } from "@/lib/limits/cost";
import type { CheckState } from "@/lib/limits/decide";
import { NEVER } from "@/lib/limits/slot";
import type { Press } from "@/lib/scarcity/shedding/pressure";
import { clientName } from "@/lib/wire/client-name";
import type { Attempt } from "../attempt/attempt";
import type { Candidate } from "../attempt/candidates";
import type { Refusal } from "./refusal";

/** It was not checked, because more urgent calls need the capacity. */
export type ShedDecision = { readonly kind: "shed"; readonly now: number; readonly by: Press };

type Denied = Exclude<AdmitReply, { kind: "admit" | "stale" | "finished" }> | ShedDecision;

/** The stored record of a refused call: its caller, its request, and every limit at that moment. No text. */
export function refusedCall(
  { exchange, principal, call, policy }: Pick<Attempt, "exchange" | "principal" | "call" | "policy">,
  refused: {
    readonly candidates: readonly [Candidate, ...Candidate[]];
    readonly decision: Denied;
    readonly refusal: Refusal;
    readonly nameOf: (state: CheckState) => string;
  },
): RefusedCall {
  const { candidates, decision, refusal, nameOf } = refused;
  const candidate = (decision.kind === "deny" ? candidates[decision.planIndex] : undefined) ?? candidates[0];
  const { model, subject, tokens, price } = candidate;
  const times = isCounting(call.endpoint) ? 0 : 1;
  const wait = waitOf(decision);
  return {
    requestId: exchange.requestId,
    at: new Date(decision.now),
    tenantId: principal.tenant.id,
    keyId: principal.key.id,
    keyFamilyId: principal.key.familyId,
    userDigest: subject.facts.userDigest ?? "",
    feature: subject.feature,
    session: subject.session,
    agent: subject.agent,
    tags: subject.tags,
    endpoint: call.endpoint,
    stream: call.stream,
    askedModel: call.model,
    priority: subject.priority,
    model: model.slug,
    providerId: model.provider.id,
    estimatedInputTokens: tokens.inputTokens * times,
    reservedOutputTokens: tokens.outputTokens * times,
    permits: tokens.permits,
    inputPrice: price.input,
    outputPrice: price.output,
    heldFeesMicroUsd: price.fees * times,
    code: refusal.code,
    message: refusal.message,
    layer: refusal.layer,
    dimension: refusal.dimension,
    limitName: refusal.limitName,
    retryAfterMs: wait,
    met: decision.kind === "deny" ? decision.states.map((state) => met(state, nameOf(state))) : [],
    policyVersion: policy.version,
    client: clientName((name) => exchange.header(name)).client,
    clientAddress: exchange.clientAddress,
  };
}

function waitOf(decision: Denied): number | null {
  if (decision.kind !== "deny") return null;
  return decision.retryAfterMs === NEVER ? null : decision.retryAfterMs;
}

function met({ check, used, remaining, waitMs }: CheckState, name: string): MetLimit {
  const { layer, dimension, rule, observe, cost } = check;
  const { algorithm, capacity } = rule;
  return {
    name,
    layer,
    dimension,
    algorithm,
    limit: capacity,
    used,
    remaining,
    asked: cost,
    waitMs: waitMs === NEVER ? null : waitMs,
    observe,
  };
}
