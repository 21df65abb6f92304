import type { AdmitReply, AdmitRequest } from "@/lib/admission/admission";
import { type ErrorCode, PublicError, StoreUnavailable } from "@/lib/errors";
import type { Intent } from "@/lib/ledger/journal-line";
import { brakeOn, metBy } from "@/lib/limits/brake";
import { amountsOf, NOTHING_USED } from "@/lib/limits/cost";
import { plan } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import type { Usage } from "@/lib/money/usage";
import { appliedLimits } from "@/lib/policy/compile";
import type { Policy } from "@/lib/policy/policy";
import { ladderOf } from "@/lib/policy/rows/ladder-row";
import { policyInForce } from "@/lib/policy/snapshot/in-force";
import type { Snapshot } from "@/lib/policy/snapshot/snapshot";
import { capField, targetOf } from "@/lib/providers/catalog";
import { type Forwarded, isAnswered, replayed, textOf } from "@/lib/providers/forward";
import { rollOf } from "@/lib/request-id";
import { parseMessages } from "@/lib/wire/anthropic/parse-messages";
import type { Call } from "@/lib/wire/call";
import { clientName } from "@/lib/wire/client-name";
import { parsingJsonBody } from "@/lib/wire/json/json-guard";
import { isSameDialect, passedHeaders, passedQuery } from "@/lib/wire/open/passed-headers";
import { parseChat } from "@/lib/wire/openai/parse-chat";
import { parseEmbeddings } from "@/lib/wire/openai/parse-embeddings";
import { refusesUsage } from "@/lib/wire/openai/refuses-usage";
import { parseResponses } from "@/lib/wire/responses/parse-responses";
import { DROP_HEADER, dropsIn } from "@/lib/wire/translate/losses";
import { type Candidate, candidatesOf } from "../attempt/candidates";
import { estimatingInputTokens } from "../attempt/estimate";
import { fitted, offered, wayOf } from "../attempt/fitted";
import { type IntentOf, intentsOf, noteBudgets } from "../attempt/intents";
import { noteObserved } from "../attempt/observed";
import { readBody } from "../bounds/read-body";
import type { Steps } from "../bounds/turns";
import type { Principal } from "../caller/principal";
import { callerOf, featureOf } from "../caller/subject";
import { admittedHeaders, refuse } from "../exchange/answer-headers";
import type { Exchange, Reply } from "../exchange/exchange";
import { afterAdmitted } from "../exchange/peeked-headers";
import type { Gateway } from "../gateway";
import { mostUsed } from "../running/bill";
import { onceByKey } from "../running/idempotency";
import { OpenCall } from "../running/open-call";
import { relay } from "../running/relay";
import { Queue } from "../waiting/queue";
import { countHere } from "./count-here";

type Parse = (json: Readonly<Record<string, unknown>>) => Call;

/**
 * One call, in order: who calls, what they ask, may they, what would it cost at most, one decision over all limits and
 * all ways to serve it, then forward, meter, settle. Throws PublicError for everything that is refused before it reaches
 * a provider.
 */
function serving(parse: Parse): (gateway: Gateway, exchange: Exchange) => Promise<Reply> {
  return async (gateway, exchange) => {
    const first = await gateway.keys.authenticate(exchange);
    const bytes = await readBody(gateway, exchange, first);
    const principal = await gateway.keys.current(exchange, first);
    const { json, call } = await gateway.bounds.work(exchange, reading(bytes, parse, exchange));
    return onceByKey({ gateway, exchange, principal, json }, () => serveCall(gateway, exchange, principal, call));
  };
}

/** What a body asks for and about how much that is. */
function* reading(
  bytes: Uint8Array,
  parse: Parse,
  exchange: Exchange,
): Steps<{ json: Record<string, unknown>; call: Call }> {
  const json = yield* parsingJsonBody(bytes, { keepsDigits: true });
  yield;
  const call = {
    ...parse(json),
    drops: dropsIn(exchange.header(DROP_HEADER)),
    headers: passedHeaders(exchange.headers()),
    query: passedQuery(exchange.query),
  };
  yield;
  yield* estimatingInputTokens(call);
  return { json, call };
}

export const serveChat = serving(parseChat);
export const serveResponses = serving(parseResponses);
export const serveEmbeddings = serving(parseEmbeddings);
export const serveMessages = serving((json) => parseMessages(json));
export const countTokens = serving((json) => parseMessages(json, "count_tokens"));

/** The same from a parsed call on; the plain chat route joins here. */
export async function serveCall(
  gateway: Gateway,
  exchange: Exchange,
  principal: Principal,
  call: Call,
): Promise<Reply> {
  const feature = featureOf(exchange);
  const finished = gateway.experience.enter({ tenantId: principal.tenant.id, feature, model: call.model });
  const queue = new Queue(gateway, exchange);
  const leave = () => {
    finished();
    queue.leave();
  };
  try {
    const admitted = await admit(gateway, exchange, principal, call, queue);
    const { candidate, decision, policy } = admitted;
    const open = openCall(gateway, admitted, call, leave);
    const waited = queue.waitedMs > 0 ? { "x-spillway-queued-ms": String(queue.waitedMs) } : {};
    const headers = { ...admittedHeaders({ decision, policy, candidate, call }), ...waited };
    if (candidate.pair.countsHere === true) return await countHere(call, open, headers);
    const relaying = {
      gateway,
      exchange,
      call,
      candidate,
      open,
      headers,
      send: sending(gateway, exchange, call, candidate),
    };
    return await relay(relaying).catch(async (error: unknown) => {
      const limits = decision.states.map(({ check }) => check);
      throw await afterAdmitted({ gateway, exchange, policy, limits }, error);
    });
  } catch (error) {
    leave();
    throw error;
  }
}

type Admitted = {
  readonly candidate: Candidate;
  readonly policy: Policy;
  readonly intent: Intent;
  readonly decision: Extract<AdmitReply, { kind: "admit" }>;
};

/** A policy may change between being read and being decided on; each try reads it anew. */
const FRESH_TRIES = 4;

/** Refusals by a name or a right that may only not have come here yet. */
const FOR_LACK_OF_NEWS: readonly ErrorCode[] = [
  "model_not_found",
  "model_not_priced",
  "model_not_allowed",
  "endpoint_not_allowed",
  "endpoint_not_supported",
];

/** The same as `admitOnce`, but the database is asked before a call is refused for lack of news. */
async function admit(...call: Parameters<typeof admitOnce>): Promise<Admitted> {
  try {
    return await admitOnce(...call);
  } catch (error) {
    if (!(error instanceof PublicError && FOR_LACK_OF_NEWS.includes(error.code))) throw error;
    const [gateway] = call;
    await gateway.policy.news();
    return await admitOnce(...call);
  }
}

/** One decision over all limits, under the newest policy. Throws the refusal when it is not an admission. */
async function admitOnce(
  gateway: Gateway,
  exchange: Exchange,
  first: Principal,
  call: Call,
  queue: Queue,
): Promise<Admitted> {
  let principal = first;
  for (let staleTries = 0; staleTries < FRESH_TRIES; ) {
    // What changed since it was authenticated may be the caller itself: a revoked key, a suspended tenant, another tier.
    principal = await gateway.keys.current(exchange, principal);
    const { brakes, ...rest } = gateway.policy.snapshot;
    if (rest.version !== principal.policyVersion) {
      staleTries += 1;
      continue;
    }
    const snapshot = { ...rest, brakes: metBy(brakes, rollOf(exchange.requestId), gateway.clock.now()) };
    const ladder = ladderOf(snapshot.tiers.get(principal.tier.id)?.ladder);
    const policy = policyInForce(snapshot, principal.tenant.id, principal.key.familyId);
    const now = gateway.clock.now();
    const [asked, ...cheaper] = candidatesOf({ gateway, exchange, principal, call, snapshot, ladder, policy });
    await queue.oneAtATime(policy, asked);
    if (!gateway.keys.isCurrent(principal)) {
      staleTries += 1;
      continue;
    }
    const sized = (candidate: Candidate) => wayOf(candidate, call, policy, now);
    const answer = await fitted([sized(asked), ...cheaper.map(sized)], async ([one, ...more], isLast) => {
      const candidates = [offered(one, call), ...more.map((offer) => offered(offer, call))] as const;
      const intents = intentsOf({ gateway, exchange, principal, call, candidates, policy });
      const about = { gateway, exchange, principal, call, snapshot, candidates, policy, intents, queue };
      return { decision: await decided(gateway, { ...requestOf(about), isProbe: !isLast }), candidates, intents };
    });
    const { decision, candidates, intents } = answer;
    const came = { tenantId: principal.tenant.id, ...clientName((name) => exchange.header(name)) };
    if (decision.kind === "admit") {
      gateway.books.came({ ...came, isRefused: false });
      const candidate = candidates[decision.planIndex] ?? candidates[0];
      noteBudgets(gateway, principal, decision);
      noteObserved(gateway, candidate.subject, policy, decision, snapshot.brakes);
      queue.admitted();
      const limitMode = decision.isLocal === true ? "local" : "shared";
      const intent = { ...intents.of(decision.planIndex), admittedAt: new Date(decision.now), limitMode };
      return { candidate, policy, decision, intent };
    }
    if (decision.kind === "deny" && (await queue.forRoom(decision, policy, candidates[0]))) continue;
    if (decision.kind !== "stale") {
      gateway.books.came({ ...came, isRefused: true });
      throw refuse({ gateway, exchange, decision, policy, principal, call, candidates });
    }
    staleTries += 1;
    await gateway.policy.refresh().catch((error: unknown) => {
      throw beingChanged(error);
    });
  }
  throw beingChanged(null);
}

function beingChanged(cause: unknown): PublicError {
  const message = "The limits are being changed. Please try again shortly.";
  return new PublicError("limiter_unavailable", message, { cause, retryAfterSeconds: 1 });
}

function requestOf(input: {
  gateway: Gateway;
  exchange: Exchange;
  principal: Principal;
  call: Call;
  snapshot: Snapshot;
  candidates: readonly [Candidate, ...Candidate[]];
  policy: Policy;
  intents: IntentOf;
  queue: Queue;
}): AdmitRequest {
  const { gateway, exchange, principal, call, snapshot, candidates, policy } = input;
  const now = gateway.clock.now();
  const plans = candidates.map(({ model, subject, tokens, price, outputTokensEach }) => {
    const called = { model: model.slug, provider: model.provider.slug, priority: subject.priority };
    // Counting tokens is free at the provider; here it is a request like any other.
    const amounts =
      call.endpoint === "count_tokens" ? { ...NO_AMOUNTS, requests: 1, concurrency: 1 } : amountsOf(tokens, price);
    const limits = appliedLimits(policy, subject.facts, called, now);
    return plan({ candidate: `${model.slug}/${outputTokensEach}`, limits, amounts });
  });
  const { facts, brakeFacts } = candidates[0].subject;
  return {
    requestId: exchange.requestId,
    tenantId: principal.tenant.id,
    // Who waited in line comes back when it was told to: that is no strike against it.
    caller: input.queue.hasPlace ? exchange.requestId : callerOf(call, facts),
    plans,
    brake: brakeOn(snapshot.brakes, brakeFacts),
    policyVersion: policy.version,
    leaseMs: gateway.leaseMs,
    intent: input.intents.text,
  };
}

function sending(gateway: Gateway, exchange: Exchange, call: Call, { model, pair, outputTokensEach }: Candidate) {
  return (open: OpenCall) => {
    const { provider } = model;
    const target = targetOf(provider, gateway.simulatorUrl, gateway.credentialOf);
    if (target === null) throw new PublicError("upstream_error", "The simulator does not run in this process.");
    const body = pair.body({
      call,
      asksUsage: !gateway.withoutUsage.has(provider.id),
      upstreamModel: model.upstreamName,
      maxOutputTokens: outputTokensEach,
      capField: capField(provider),
      continuousUsage: provider.continuousUsage,
    });
    const isSame = isSameDialect(call.endpoint, provider.dialect);
    const headers = isSame ? { ...target.headers, ...call.headers } : target.headers;
    const { headersMs } = gateway.upstream;
    const { requestId } = open.intent;
    const sending = { requestId, headersMs, signal: open.signal, onSent: () => open.sent() };
    const request = {
      ...sending,
      target: { ...target, headers },
      path: `${pair.path}${isSame ? (call.query ?? "") : ""}`,
    };
    return forwardWithUsage(gateway, provider.id, body, (sent) =>
      gateway.bounds.inTurn(exchange, () => gateway.forward({ ...request, body: sent })),
    );
  };
}

/**
 * Some compatible servers refuse to be asked for usage on a stream: then once more without, and when that is answered never
 * again with it. Their streams are metered by what arrives.
 */
async function forwardWithUsage(
  gateway: Gateway,
  providerId: string,
  body: Record<string, unknown>,
  forward: (body: Record<string, unknown>) => Promise<Forwarded>,
): Promise<Forwarded> {
  const answer = await forward(body);
  if (answer.status !== 400 || body.stream_options === undefined) return answer;
  const text = await textOf(answer);
  if (!refusesUsage(text)) return { ...answer, body: replayed(text) };
  const { stream_options: _options, ...rest } = body;
  const again = await forward(rest);
  // Only what has helped is remembered: else one caller's fault would leave all others unmetered.
  if (isAnswered(again.status)) gateway.withoutUsage.add(providerId);
  return again;
}

/**
 * Asks the store. When it gives no answer the call is refused (a limiter that cannot count must not let pass), and what
 * it may have reserved all the same is given back.
 */
async function decided(gateway: Gateway, request: AdmitRequest): Promise<AdmitReply> {
  const began = performance.now();
  try {
    const reply = await gateway.admission.admit(request);
    gateway.metrics.decided(performance.now() - began, gateway.clock.now());
    return reply;
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

/** The call is in the books before it is sent; when that cannot be, its reservation is given back and it is refused. */
function openCall(gateway: Gateway, { intent, candidate }: Admitted, call: Call, leave: () => void): OpenCall {
  const { admission, books, clock, log, leaseMs, openCalls, experience } = gateway;
  const kind = { tenantId: intent.tenantId, feature: intent.feature ?? null, model: intent.servedModel };
  const { estimatedInputTokens } = intent;
  // Not the call itself: what holds on to this lives as long as the answer, and a call may be of megabytes.
  const { choices } = call;
  const completed = ({ inputTokens, outputTokens }: Usage) => {
    if (candidate.outputTokensEach === 0) return;
    // An answer that ran into a trimmed cap does not tell how long such answers are.
    const isCut = candidate.outputTokensEach < candidate.askedOutputTokensEach;
    const each = isCut ? null : Math.ceil(outputTokens / choices);
    experience.add(kind, { estimatedInputTokens, inputTokens, outputTokens: each });
  };
  const likelyInput = () => experience.inputTokens(kind, estimatedInputTokens);
  const needs = { admission, books, clock, log, leaseMs, completed, likelyInput, finished: leave };
  const { outputTokensEach, model, subject } = candidate;
  const { contextTokens, maxOutputTokens: modelOutputTokens } = model;
  const sent = { estimatedInputTokens, outputTokensEach, choices: call.choices };
  const most = mostUsed({ ...sent, contextTokens, modelOutputTokens });
  const open = new OpenCall({ intent, brakeFacts: subject.brakeFacts, most, needs, calls: openCalls });
  try {
    books.open(intent, candidate.subject.user);
  } catch (error) {
    giveBack(gateway, intent);
    const message = "The call cannot be recorded at the moment. Please try again shortly.";
    throw new PublicError("limiter_unavailable", message, { cause: error, retryAfterSeconds: 2 });
  }
  openCalls.add(open);
  return open;
}
