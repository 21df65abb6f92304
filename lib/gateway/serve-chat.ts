import type { AdmitReply, AdmitRequest } from "@/lib/admission/admission";
import { PublicError, StoreUnavailable } from "@/lib/errors";
import type { Intent } from "@/lib/ledger/journal";
import { brakeOn } from "@/lib/limits/brake";
import { amountsOf, NOTHING_USED } from "@/lib/limits/cost";
import { plan } from "@/lib/limits/plan";
import { appliedLimits, type Policy } from "@/lib/policy/compile";
import { capField, type Model, targetOf } from "@/lib/providers/catalog";
import type { Call } from "@/lib/wire/call";

import { parseChat } from "@/lib/wire/openai/parse-chat";
import { upstreamChat } from "@/lib/wire/openai/upstream-chat";
import { admittedHeaders, refuse } from "./answer-headers";
import { estimateInputTokens } from "./estimate";
import type { Exchange, Reply } from "./exchange";
import type { Gateway } from "./gateway";
import { OpenCall } from "./open-call";
import type { Principal } from "./principal";
import { readJson } from "./read-json";
import { relay } from "./relay";
import { type CallSubject, subjectOfCall } from "./subject";

/**
 * One chat call, in order: who calls, what they ask, may they, what would it cost at most, one decision over all limits,
 * then forward, meter, settle. Throws PublicError for everything that is refused before it reaches a provider.
 */
export async function serveChat(gateway: Gateway, exchange: Exchange): Promise<Reply> {
  const principal = await gateway.keys.authenticate(exchange);
  const call = parseChat(await readJson(exchange));
  return serveCall(gateway, exchange, principal, call);
}

/** The same from a parsed call on; the plain chat route joins here. */
export async function serveCall(
  gateway: Gateway,
  exchange: Exchange,
  principal: Principal,
  call: Call,
): Promise<Reply> {
  const admitted = await admit(gateway, exchange, principal, call);
  const { model, held, decision, policy } = admitted;
  const open = openCall({ gateway, admitted });
  const forward = send(gateway, call, model, held.outputTokensEach);
  return relay({
    gateway,
    exchange,
    call,
    model,
    open,
    send: forward,
    headers: admittedHeaders(decision, policy, model),
  });
}

type Admitted = {
  readonly model: PricedModel;
  readonly policy: Policy;
  readonly held: Held;
  readonly intent: Intent;
  readonly subject: CallSubject;
  readonly decision: Extract<AdmitReply, { kind: "admit" }>;
};

/** A policy may change between being read and being decided on; each try reads it anew. */
const FRESH_TRIES = 4;

/** One decision over all limits, under the newest policy. Throws the refusal when it is not an admission. */
async function admit(gateway: Gateway, exchange: Exchange, principal: Principal, call: Call): Promise<Admitted> {
  for (let attempt = 0; attempt < FRESH_TRIES; attempt++) {
    const { snapshot } = gateway.policy;
    const model = modelFor(snapshot.models.get(call.model), principal, call);
    const subject = subjectOfCall({
      gateway,
      exchange,
      principal,
      endpoint: call.endpoint,
      model,
      bodyUser: call.user,
    });
    const held = reservationOf(call, model);
    const policy = snapshot.policyOf(principal.tenant.id, principal.key.familyId);
    const names = { model: model.slug, provider: model.provider.slug };
    const limits = appliedLimits(policy, subject.facts, names, gateway.clock.now());
    const intent = intentOf({ gateway, exchange, principal, call, model, subject, held, policy });
    const decision = await decided(gateway, {
      requestId: exchange.requestId,
      tenantId: principal.tenant.id,
      caller: `${subject.facts.keyFamilyId}:${subject.facts.userDigest}`,
      plans: [plan({ candidate: model.slug, limits, amounts: amountsOf(held.tokens, model.price) })],
      brake: brakeOn(snapshot.brakes, subject.brakeFacts),
      policyVersion: policy.version,
      leaseMs: gateway.leaseMs,
      intent: JSON.stringify(intent),
    });
    if (decision.kind === "admit") {
      const admittedAt = new Date(decision.now);
      return { model, policy, held, subject, decision, intent: { ...intent, admittedAt } };
    }
    if (decision.kind !== "stale") throw refuse({ gateway, decision, policy, principal });
    await gateway.policy.refresh();
  }
  throw new PublicError("limiter_unavailable", "The limits are being changed. Please try again shortly.", {
    retryAfterSeconds: 1,
  });
}

type PricedModel = Model & { readonly price: NonNullable<Model["price"]> };

/** The model a call names, if this key may call it and it can be paid for. */
function modelFor(model: Model | undefined, principal: Principal, call: Call): PricedModel {
  if (model === undefined)
    throw new PublicError("model_not_found", `The model ${JSON.stringify(call.model.slice(0, 64))} does not exist.`, {
      param: "model",
    });
  const { models, endpoints } = principal.key;
  if (models !== null && !models.includes(model.slug)) {
    throw new PublicError("model_not_allowed", `This API key may not call the model "${model.slug}".`, {
      param: "model",
    });
  }
  if (endpoints !== null && !endpoints.includes(call.endpoint)) {
    throw new PublicError("endpoint_not_allowed", `This API key may not call the endpoint "${call.endpoint}".`);
  }
  if (model.price === null)
    throw new PublicError("model_not_priced", `The model "${model.slug}" has no price yet and cannot be called.`, {
      param: "model",
    });
  return { ...model, price: model.price };
}

type Held = {
  readonly tokens: { readonly inputTokens: number; readonly cachedInputTokens: number; readonly outputTokens: number };
  /** per choice; sent upstream, so that the reservation is a true bound */
  readonly outputTokensEach: number;
};

function reservationOf(call: Call, model: Model): Held {
  const inputTokens = estimateInputTokens(call);
  const asked = call.maxOutputTokens ?? model.defaultOutputTokens;
  if (asked > model.maxOutputTokens) {
    throw new PublicError(
      "invalid_max_tokens",
      `"${model.slug}" gives at most ${model.maxOutputTokens} output tokens; ${asked} were asked for.`,
      { param: "max_tokens" },
    );
  }
  if (inputTokens > model.contextTokens * CONTEXT_SLACK) {
    throw new PublicError(
      "context_length_exceeded",
      `The maximum context length of "${model.slug}" is ${model.contextTokens} tokens; this call holds about ${inputTokens}.`,
      { param: "messages" },
    );
  }
  return { tokens: { inputTokens, cachedInputTokens: 0, outputTokens: asked * call.choices }, outputTokensEach: asked };
}

/** The estimate may be that much too high for some scripts; the provider has the last word on context length. */
const CONTEXT_SLACK = 4;

function send(gateway: Gateway, call: Call, model: Model, maxOutputTokens: number) {
  return (requestId: string, signal: AbortSignal) => {
    const target = targetOf(model.provider, gateway.simulatorUrl);
    if (target === null) throw new PublicError("upstream_error", "The simulator does not run in this process.");
    const { continuousUsage } = model.provider;
    const body = upstreamChat({
      call,
      upstreamModel: model.upstreamName,
      maxOutputTokens,
      capField: capField(model.provider),
      continuousUsage,
    });
    return gateway.forward({
      target,
      path: "/chat/completions",
      body,
      requestId,
      headersMs: gateway.upstream.headersMs,
      signal,
    });
  };
}

/**
 * Asks the store. When it gives no answer the call is refused (a limiter that cannot count must not let pass), and what
 * it may have reserved all the same is given back.
 */
async function decided(gateway: Gateway, request: AdmitRequest): Promise<AdmitReply> {
  try {
    return await gateway.admission.admit(request);
  } catch (error) {
    if (!(error instanceof StoreUnavailable)) throw error;
    giveBack(gateway, request);
    const message = "The limits cannot be checked at the moment. Please try again in 2s.";
    throw new PublicError("limiter_unavailable", message, { cause: error, retryAfterSeconds: 2 });
  }
}

const GIVE_BACK_TRIES = 6;
const GIVE_BACK_MS = 100;

/** Settles a call that was never sent as if it had not been, as soon as the store answers; else it will be reaped. */
function giveBack(
  gateway: Gateway,
  { tenantId, requestId }: { tenantId: string; requestId: string },
  attempt = 1,
): void {
  gateway.admission.settle({ tenantId, requestId, actual: NOTHING_USED }).catch((error: unknown) => {
    if (attempt >= GIVE_BACK_TRIES) gateway.log.warn({ err: error, requestId }, "a reservation was not given back");
    else setTimeout(() => giveBack(gateway, { tenantId, requestId }, attempt + 1), GIVE_BACK_MS * 3 ** attempt).unref();
  });
}

/** Everything the ledger must know of a call before it is sent. */
function intentOf(input: {
  gateway: Gateway;
  exchange: Exchange;
  principal: Principal;
  call: Call;
  model: PricedModel;
  subject: CallSubject;
  held: Held;
  policy: Policy;
}): Intent {
  const { gateway, exchange, principal, call, model, subject, held } = input;
  return {
    requestId: exchange.requestId,
    tenantId: principal.tenant.id,
    tierId: principal.tier.id,
    keyId: principal.key.id,
    keyFamilyId: principal.key.familyId,
    userDigest: subject.facts.userDigest ?? "",
    feature: subject.feature,
    endpoint: call.endpoint,
    askedModel: call.model,
    servedModel: model.slug,
    providerId: model.provider.id,
    policyVersion: input.policy.version,
    stream: call.stream,
    estimatedInputTokens: held.tokens.inputTokens,
    reservedOutputTokens: held.tokens.outputTokens,
    inputPrice: model.price.input,
    cachedInputPrice: model.price.cachedInput,
    outputPrice: model.price.output,
    admittedAt: new Date(gateway.clock.now()),
    instanceId: gateway.instanceId,
  };
}

/** The call is in the books before it is sent; when that cannot be, its reservation is given back and it is refused. */
function openCall({ gateway, admitted }: { gateway: Gateway; admitted: Admitted }): OpenCall {
  const { admission, books, clock, log, leaseMs, openCalls } = gateway;
  const { intent, subject } = admitted;
  const needs = { admission, books, clock, log, leaseMs };
  const open = new OpenCall({ intent, brakeFacts: subject.brakeFacts, needs, calls: openCalls });
  try {
    books.open(intent, subject.user);
  } catch (error) {
    giveBack(gateway, intent);
    const message = "The call cannot be recorded at the moment. Please try again shortly.";
    throw new PublicError("limiter_unavailable", message, { cause: error, retryAfterSeconds: 2 });
  }
  openCalls.add(open);
  return open;
}
