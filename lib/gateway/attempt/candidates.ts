import { PublicError } from "@/lib/errors";
import { type ActiveBrake, brakeOn } from "@/lib/limits/brake";
import { isCounting } from "@/lib/limits/cost";
import type { AppliedLimit } from "@/lib/limits/plan";
import { type HeldPrice, heldPrice, unpricedPart } from "@/lib/money/cost";
import { appliedLimits } from "@/lib/policy/compile";
import { type CostClass, costClassOf } from "@/lib/policy/cost-class";
import type { Model } from "@/lib/providers/catalog";
import { rollOf } from "@/lib/request-id";
import type { Shed } from "@/lib/scarcity/shedding/shedding";
import { type Call, isBatch, takesCap } from "@/lib/wire/call";
import { KNOWN_FIELDS } from "@/lib/wire/open/known-fields";
import { unknownField } from "@/lib/wire/open/open-list";
import { type Pair, pairOf } from "@/lib/wire/pair";
import type { Principal } from "../caller/principal";
import { type CallSubject, subjectOfCall } from "../caller/subject";
import { serviceTierFor } from "../upstream/service-tier";
import type { Attempt } from "./attempt";
import { batchPrice, refuseUnlimitedBatch } from "./batch-way";
import { ESTIMATE_BOUND, estimateInputTokens } from "./estimate";

export type PricedModel = Model & { readonly price: NonNullable<Model["price"]> };

/** One way to serve a call. */
export type Candidate = {
  readonly model: PricedModel;
  readonly pair: Pair;
  readonly subject: CallSubject;
  readonly estimatedInputTokens: number;
  /** Reserved amounts. */
  readonly tokens: {
    readonly inputTokens: number;
    readonly outputTokens: number;
    /** number of number of requests that it counts as */
    readonly permits: number;
  };
  /** Price of the reservation: the highest that the request can cause. */
  readonly price: HeldPrice;
  /** The provider's service tier of the call; null = none. */
  readonly serviceTier: string | null;
  /** The provider's own limits, if known. */
  readonly room: readonly AppliedLimit[];
  readonly costClass: CostClass | null;
  /** Output cap per choice; sent upstream. */
  readonly outputTokensEach: number;
  /** The smallest output cap after trimming; equal to the cap when trimming is not allowed. */
  readonly leastOutputTokensEach: number;
  /** Output cap per choice that the call asked for. */
  readonly askedOutputTokensEach: number;
  /** How it differs from the request; null = not at all. A cheaper model may also have a smaller output cap. */
  readonly degradation: "trimmed" | "cheaper" | "fallback" | null;
  /** body members that this way drops, with the caller's permission */
  readonly dropped: readonly string[];
};

/**
 * All ways to serve a call, in order of preference: the requested model, then the cheaper models of the tier's ladder,
 * each whole or trimmed. There is always a first way; PublicError if the caller may not use it. A degrading brake or a
 * nearly used-up budget moves the cheaper models to the front.
 */
export function candidatesOf(attempt: Attempt): readonly [Candidate, ...Candidate[]] {
  const { snapshot, brakes, call, ladder, policy, principal } = attempt;
  const { seenBudgets } = attempt.tools;
  const asked = asAsked(attempt, turned(attempt, modelFor(snapshot.models.get(call.model), principal, call)));
  const cheaper = ladder.models.flatMap((slug) => otherWay(attempt, asked, snapshot.models.get(slug), "cheaper"));
  const isNearlyUsed =
    ladder.fromBudgetShare !== null && seenBudgets.usedShare(principal.tenant.id) >= ladder.fromBudgetShare;
  const [first, ...rest] = cheaper;
  if (
    first !== undefined &&
    (isNearlyUsed ||
      verdictOn(attempt, asked) === "downgrade" ||
      seenBudgets.pastStep(policy, asked, "degradeFrom").length > 0 ||
      isDegraded(brakes, asked))
  ) {
    return [first, ...rest];
  }
  return [asked, ...cheaper];
}

/** Whether overload leaves the call unchanged. */
export function verdictOn(attempt: Attempt, asked: Candidate): "keep" | "shed" | "downgrade" {
  const { tools, exchange } = attempt;
  return tools.shedding.verdict(asked.subject.priority, rollOf(exchange.requestId), pressedOn(attempt, asked));
}

/**
 * The pressure on a call. A provider puts pressure only on its own calls, and only when all of its credentials are
 * under pressure.
 */
export function pressedOn(attempt: Attempt, asked: Candidate): Shed {
  const { shedding } = attempt.tools;
  const own = shedding.on(asked.room);
  if (own.by !== "provider") return own;
  const others = siblingsOf(attempt, asked).map(({ room }) => shedding.on(room));
  return others.reduce((one, other) => (other.pressure < one.pressure ? other : one), own);
}

/** The same way with a smaller output cap. The whole cap is reserved. */
export function trimmed(candidate: Candidate, each: number, { choices }: Call): Candidate {
  if (each >= candidate.outputTokensEach) return candidate;
  return {
    ...candidate,
    tokens: { ...candidate.tokens, outputTokens: Math.min(candidate.tokens.outputTokens, each * choices) },
    outputTokensEach: each,
    degradation: candidate.degradation ?? "trimmed",
  };
}

function isDegraded(brakes: readonly ActiveBrake[], { subject }: Candidate): boolean {
  const degrading = brakes
    .filter((brake) => brake.mode === "degrade")
    .map((brake) => ({ ...brake, mode: "block" as const }));
  return brakeOn(degrading, subject.brakeFacts) !== null;
}

/** The requested model, if this key may call it and it has a price. */
function modelFor(model: Model | undefined, principal: Principal, call: Call): PricedModel {
  if (model === undefined)
    throw new PublicError("model_not_found", `The model ${JSON.stringify(call.model.slice(0, 64))} does not exist.`, {
      param: "model",
      details: { model: call.model },
    });
  const { models, endpoints } = principal.key;
  if (models !== null && !models.includes(model.slug)) {
    throw new PublicError("model_not_allowed", `This API key may not call the model "${model.slug}".`, {
      param: "model",
      details: { model: call.model },
    });
  }
  if (endpoints !== null && !endpoints.includes(call.endpoint)) {
    throw new PublicError("endpoint_not_allowed", `This API key may not call the endpoint "${call.endpoint}".`, {
      details: { model: call.model },
    });
  }
  if (model.price === null)
    throw new PublicError("model_not_priced", `The model "${model.slug}" has no price yet and cannot be called.`, {
      param: "model",
      details: { model: call.model },
    });
  return { ...model, price: model.price };
}

/**
 * The model with the credential whose turn it is. A second try picks again. Calls about stored objects use the
 * credential that stored them.
 */
function turned<One extends Model>({ tools, requestId, call }: Attempt, model: One): One {
  if (call.at !== undefined) return model;
  return tools.upstreams.withCredential(model, rollOf(requestId));
}

/** The same way with the other credentials of its provider. */
export function siblingsOf(attempt: Attempt, way: Candidate): Candidate[] {
  const { ways = [] } = attempt.snapshot.models.get(way.model.slug)?.provider ?? {};
  if (attempt.call.at !== undefined) return [];
  const others = ways.filter(({ provider }) => provider.credentialId !== way.model.provider.credentialId);
  return others.map(({ provider }) => {
    const model = { ...way.model, provider };
    const room = isCounting(attempt.call.endpoint) ? [] : attempt.tools.upstreams.room(model, way.subject.priority);
    return { ...way, model, room };
  });
}

function asAsked(attempt: Attempt, model: PricedModel): Candidate {
  const { call } = attempt;
  const pair = pairOf(call.endpoint, model.provider.dialect);
  if (pair === null) {
    const message = `The model "${model.slug}" is not served at this endpoint (${call.endpoint}); use /v1/chat/completions or /v1/messages.`;
    throw new PublicError("endpoint_not_supported", message, { param: "model" });
  }
  const dropped = pair.check?.(call) ?? [];
  refuseUnknown(model, pair, call);
  const most = call.maxOutputTokens ?? model.defaultOutputTokens;
  if (most > model.maxOutputTokens) {
    throw new PublicError(
      "invalid_max_tokens",
      `"${model.slug}" allows at most ${model.maxOutputTokens} output tokens. The call requests ${most}.`,
      { param: "max_tokens" },
    );
  }
  const candidate = held(attempt, { model, pair, most, dropped });
  refuseUnpriced(attempt, candidate);
  const { estimatedInputTokens } = candidate;
  if (isBatch(call.endpoint)) refuseUnlimitedBatch(limitsOn(attempt, candidate));
  else if (estimatedInputTokens > model.contextTokens * CONTEXT_SLACK) {
    throw new PublicError(
      "context_length_exceeded",
      `The maximum context length of "${model.slug}" is ${model.contextTokens} tokens; this call has about ${estimatedInputTokens} input tokens.`,
      { param: "messages" },
    );
  }
  return candidate;
}

/** The same call with the fallback models of `way`, in their order. */
export function fallbacksOf(attempt: Attempt, way: Candidate): Candidate[] {
  const { models } = attempt.snapshot;
  return way.model.fallbacks.flatMap((slug) => otherWay(attempt, way, models.get(slug), "fallback"));
}

/**
 * The same call with another model, if the key may call it and nothing essential is lost. A ladder model must be
 * cheaper.
 */
function otherWay(
  attempt: Attempt,
  asked: Candidate,
  model: Model | undefined,
  degradation: "cheaper" | "fallback",
): Candidate[] {
  const { call, principal, brakes } = attempt;
  if (model === undefined || model.price === null || model.slug === asked.model.slug) return [];
  // No other provider has the stored object.
  if (call.at !== undefined) return [];
  if (principal.key.models !== null && !principal.key.models.includes(model.slug)) return [];
  if (degradation === "cheaper" && model.price.output > asked.model.price.output) return [];
  if (asked.estimatedInputTokens > model.contextTokens) return [];
  const pair = pairOf(call.endpoint, model.provider.dialect);
  const dropped = pair === null ? null : droppedOn(model, pair, call);
  if (pair === null || dropped === null) return [];
  const most = Math.min(asked.outputTokensEach, model.maxOutputTokens);
  const candidate = held(attempt, { model: turned(attempt, { ...model, price: model.price }), pair, most, dropped });
  if (unpricedPart(model.price, call.asks) !== null && hasMoneyLimit(attempt, candidate)) return [];
  if (brakeOn(brakes, candidate.subject.brakeFacts) !== null) return [];
  return [{ ...candidate, askedOutputTokensEach: asked.outputTokensEach, degradation }];
}

/** A service without a price may cost any amount, so callers with a money limit cannot use it. */
function refuseUnpriced(attempt: Attempt, candidate: Candidate): void {
  const unpriced = unpricedPart(candidate.model.price, attempt.call.asks);
  if (unpriced === null || !hasMoneyLimit(attempt, candidate)) return;
  const message = `The ${unpriced.what} has no price for "${candidate.model.slug}", and this caller has a money limit. Ask the operator for a price, or leave it out.`;
  throw new PublicError("service_not_priced", message, { param: unpriced.param });
}

function hasMoneyLimit(attempt: Attempt, candidate: Candidate): boolean {
  return limitsOn(attempt, candidate).some(({ dimension, observe }) => dimension === "cost_micro_usd" && !observe);
}

function limitsOn({ tools, policy }: Attempt, { model, subject }: Candidate): readonly AppliedLimit[] {
  const called = { model: model.slug, provider: model.provider.slug, priority: subject.priority };
  return appliedLimits(policy, subject.facts, called, tools.clock.now());
}

/** OpenAI's dialect has no cache marks: its providers write the cache automatically, and few of them bill it. */
function heldAt(
  call: Call,
  { price, provider }: PricedModel,
  { estimatedInputTokens, serviceTier }: Pick<Candidate, "estimatedInputTokens" | "serviceTier">,
): HeldPrice {
  const { asks, batch } = call;
  if (batch !== undefined) return batchPrice(price, serviceTier, batch);
  const cacheWrite = provider.dialect === "openai" ? "ifPriced" : asks.cacheWrite;
  return heldPrice(
    price,
    { ...asks, serviceTier, cacheWrite, hasMedia: call.imageCount > 0 },
    estimatedInputTokens * ESTIMATE_BOUND,
  );
}

/** A strict provider gets only known members. A translation reports its own losses. */
function refuseUnknown({ provider, slug }: Model, pair: Pair, { endpoint, body }: Call): void {
  const unknown = provider.strict && pair.check === undefined ? unknownField(body, KNOWN_FIELDS[endpoint]) : null;
  if (unknown === null) return;
  const message = `The field ${JSON.stringify(unknown.slice(0, 64))} is unknown, and the provider of "${slug}" accepts only known fields.`;
  throw new PublicError("unknown_field", message, { param: unknown.slice(0, 64) });
}

/**
 * Members that a call loses on its way to a model, with the caller's permission. Null if it would lose more; then this
 * is no way to serve the call.
 */
function droppedOn(model: Model, pair: Pair, call: Call): readonly string[] | null {
  try {
    const dropped = pair.check?.(call) ?? [];
    refuseUnknown(model, pair, call);
    return dropped;
  } catch (error) {
    if (error instanceof PublicError) return null;
    throw error;
  }
}

function held(
  attempt: Attempt,
  way: { model: PricedModel; pair: Pair; most: number; dropped: readonly string[] },
): Candidate {
  const { model, pair, most, dropped } = way;
  const { tools, exchange, principal, call, ladder } = attempt;
  const { endpoint, user: bodyUser } = call;
  const { digestSecret, tokenHistory } = tools;
  const subject = subjectOfCall({ digestSecret, exchange, principal, endpoint, model, bodyUser });
  const tokenizerSlack = model.provider.dialect === "anthropic" ? UNKNOWN_TOKENIZER : 1;
  const estimatedInputTokens = isCounting(endpoint) ? 0 : Math.ceil(estimateInputTokens(call) * tokenizerSlack);
  const { tenant } = principal;
  const isOne = !isCounting(endpoint) && !isBatch(endpoint);
  const fixed = !isOne ? null : costClassOf(tenant, subject.feature);
  const kind = { tenantId: tenant.id, feature: subject.feature, model: model.slug };
  const isLearned = isOne && ladder.reserve === "learned";
  const inputTokens = isLearned ? tokenHistory.reservedInput(kind, estimatedInputTokens) : estimatedInputTokens;
  const each =
    fixed !== null ? Math.min(most, fixed.outputTokens) : isLearned ? tokenHistory.reserve(kind, most) : most;
  const serviceTier = serviceTierFor(call, model, subject.priority);
  return {
    // Counting tokens uses no tokens. A batch has limits of its own.
    room: !isOne ? [] : tools.upstreams.room(model, subject.priority),
    model,
    pair,
    dropped,
    subject,
    outputTokensEach: most,
    askedOutputTokensEach: most,
    degradation: null,
    leastOutputTokensEach: takesCap(endpoint) ? Math.min(most, ladder.trimTo ?? most) : most,
    estimatedInputTokens,
    costClass: fixed?.name ?? null,
    serviceTier,
    price: heldAt(call, model, { estimatedInputTokens, serviceTier }),
    tokens: { inputTokens, outputTokens: each * call.choices, permits: fixed?.permits ?? 1 },
  };
}

/** The estimate may be this much too high for some scripts. The provider decides about the context length. */
const CONTEXT_SLACK = 4;
/** Anthropic's tokenizer is not public. It makes more tokens from the same text than the measured tokenizers. */
const UNKNOWN_TOKENIZER = 1.2;
