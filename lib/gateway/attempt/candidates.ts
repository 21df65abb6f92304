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
  /** What is held for it. */
  readonly tokens: {
    readonly inputTokens: number;
    readonly outputTokens: number;
    /** requests that it counts as */
    readonly permits: number;
  };
  /** What it is held at: the dearest that the request can cause. */
  readonly price: HeldPrice;
  /** The provider's service tier that it is sent with; null = it names none. */
  readonly serviceTier: string | null;
  /** Its provider's own limits, where they are known. */
  readonly room: readonly AppliedLimit[];
  readonly costClass: CostClass | null;
  /** Output cap per choice; sent upstream. */
  readonly outputTokensEach: number;
  /** The least that its output cap may be trimmed to; the cap itself when it may not be. */
  readonly leastOutputTokensEach: number;
  /** Output cap per choice that the call asked for. */
  readonly askedOutputTokensEach: number;
  /** How it differs from what was asked; null = not at all. A cheaper model may have a smaller output cap as well. */
  readonly degradation: "trimmed" | "cheaper" | "fallback" | null;
  /** members of the body that are lost on this way, as its caller allows */
  readonly dropped: readonly string[];
};

/**
 * All ways to serve a call, in order of preference: by the model asked for, then by the cheaper ones of the tier's ladder,
 * each whole or trimmed. The first is always there; PublicError when not even that may be called. A degrading brake, or a
 * budget that is nearly used up, lets it begin with the cheaper models.
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

/** Whether the call is kept as it is while there is too much to do. */
export function verdictOn(attempt: Attempt, asked: Candidate): "keep" | "shed" | "downgrade" {
  const { tools, exchange } = attempt;
  return tools.shedding.verdict(asked.subject.priority, rollOf(exchange.requestId), pressedOn(attempt, asked));
}

/** How hard a call is pressed. A provider presses on the calls to it alone, and with all of its credentials only. */
export function pressedOn(attempt: Attempt, asked: Candidate): Shed {
  const { shedding } = attempt.tools;
  const own = shedding.on(asked.room);
  if (own.by !== "provider") return own;
  const others = siblingsOf(attempt, asked).map(({ room }) => shedding.on(room));
  return others.reduce((one, other) => (other.pressure < one.pressure ? other : one), own);
}

/** The same way with a smaller output cap; all of that is held. */
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

/** The model with the credential whose turn it is. Its second try rolls again. What is kept is where it was put. */
function turned<One extends Model>({ tools, requestId, call }: Attempt, model: One): One {
  if (call.at !== undefined) return model;
  return tools.upstreams.withCredential(model, rollOf(requestId));
}

/** The same way by the other credentials of its provider. */
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
      `The maximum context length of "${model.slug}" is ${model.contextTokens} tokens; this call holds about ${estimatedInputTokens}.`,
      { param: "messages" },
    );
  }
  return candidate;
}

/** The same call by the models that stand in for the one of `way`, in their order. */
export function fallbacksOf(attempt: Attempt, way: Candidate): Candidate[] {
  const { models } = attempt.snapshot;
  return way.model.fallbacks.flatMap((slug) => otherWay(attempt, way, models.get(slug), "fallback"));
}

/** The same call by another model, if the key may call it and nothing is lost that matters; one of the ladder must be cheaper. */
function otherWay(
  attempt: Attempt,
  asked: Candidate,
  model: Model | undefined,
  degradation: "cheaper" | "fallback",
): Candidate[] {
  const { call, principal, brakes } = attempt;
  if (model === undefined || model.price === null || model.slug === asked.model.slug) return [];
  // What one provider keeps, no other has.
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

/** What nobody has priced may cost anything: who has a limit of money cannot have it. */
function refuseUnpriced(attempt: Attempt, candidate: Candidate): void {
  const unpriced = unpricedPart(candidate.model.price, attempt.call.asks);
  if (unpriced === null || !hasMoneyLimit(attempt, candidate)) return;
  const message = `The ${unpriced.what} has no price for "${candidate.model.slug}", and this caller has a limit of money. Ask the operator to price it, or leave it out.`;
  throw new PublicError("service_not_priced", message, { param: unpriced.param });
}

function hasMoneyLimit(attempt: Attempt, candidate: Candidate): boolean {
  return limitsOn(attempt, candidate).some(({ dimension, observe }) => dimension === "cost_micro_usd" && !observe);
}

function limitsOn({ tools, policy }: Attempt, { model, subject }: Candidate): readonly AppliedLimit[] {
  const called = { model: model.slug, provider: model.provider.slug, priority: subject.priority };
  return appliedLimits(policy, subject.facts, called, tools.clock.now());
}

/** OpenAI's dialect has no cache marks: its providers write by themselves, and few of them bill it. */
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

/** A strict provider gets no members that we do not know. A translation names its losses itself. */
function refuseUnknown({ provider, slug }: Model, pair: Pair, { endpoint, body }: Call): void {
  const unknown = provider.strict && pair.check === undefined ? unknownField(body, KNOWN_FIELDS[endpoint]) : null;
  if (unknown === null) return;
  const message = `The field ${JSON.stringify(unknown.slice(0, 64))} is not known, and the provider of "${slug}" takes only known ones.`;
  throw new PublicError("unknown_field", message, { param: unknown.slice(0, 64) });
}

/** What a call loses on its way to a model, as its caller allows; null when more would be lost: that is no way to serve it. */
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
    // Counting tokens takes nothing of them, and a batch has limits of its own there.
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

/** The estimate may be that much too high for some scripts; the provider has the last word on context length. */
const CONTEXT_SLACK = 4;
/** Anthropic's tokenizer is not public; it makes more tokens of the same text than those that were measured. */
const UNKNOWN_TOKENIZER = 1.2;
