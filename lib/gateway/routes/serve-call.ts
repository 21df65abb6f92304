import { createHash } from "node:crypto";
import type { Model } from "@/lib/providers/catalog";
import { newRequestId } from "@/lib/request-id";
import { parseMessages } from "@/lib/wire/anthropic/parse-messages";
import type { Call, OtherEndpoint } from "@/lib/wire/call";
import { parsingJsonBody } from "@/lib/wire/json/json-guard";
import { READ_FIELDS } from "@/lib/wire/open/known-fields";
import { passedHeaders, passedQuery } from "@/lib/wire/open/passed-headers";
import { traceContext } from "@/lib/wire/open/trace-context";
import { parseChat } from "@/lib/wire/openai/parse-chat";
import { parseEmbeddings } from "@/lib/wire/openai/parse-embeddings";
import { OTHERS } from "@/lib/wire/others/endpoints";
import { type FormBody, formBody } from "@/lib/wire/others/form-body";
import { parseForm, parseOther } from "@/lib/wire/others/parse-other";
import { parseResponses } from "@/lib/wire/responses/parse-responses";
import { DROP_HEADER, dropsIn } from "@/lib/wire/translate/losses";
import { type Asking, admit } from "../admit/admit";
import { estimatingInputTokens } from "../attempt/estimate";
import { readBody } from "../bounds/read-body";
import type { Steps } from "../bounds/turns";
import type { Principal } from "../caller/principal";
import { featureOf } from "../caller/subject";
import { admittedHeaders } from "../exchange/answer-headers";
import { type Exchange, putHeaders, type Reply } from "../exchange/exchange";
import { afterAdmitted } from "../exchange/peeked-headers";
import type { Gateway } from "../gateway";
import { beginCall } from "../running/begin-call";
import type { Ending } from "../running/bill";
import { onceByKey } from "../running/idempotency";
import { idsOf, relay } from "../running/relay";
import { sending } from "../running/send";
import type { Outcome } from "../upstream/upstreams";
import { answeredEarly, type OnWaiting } from "../waiting/early-answer";
import { Queue } from "../waiting/queue";
import { countHere } from "./count-here";
import { noteUsed, refuseOthersThings } from "./others-things";

/** How an endpoint's body is parsed: as JSON, or as a form with files. */
type Parse =
  | { readonly takes: "json"; readonly call: (json: Readonly<Record<string, unknown>>) => Call }
  | { readonly takes: "form"; readonly call: (bytes: Uint8Array, form: FormBody) => Call };

/**
 * One call, in order: authenticate, read, parse, check rights, estimate, decide over all limits and all ways to serve
 * it, then forward, meter, settle. Throws PublicError for every refusal before the provider.
 */
function serving(parse: Parse): (gateway: Gateway, exchange: Exchange) => Promise<Reply> {
  return async (gateway, exchange) => {
    const first = await gateway.keys.authenticate(exchange);
    const turn = gateway.storms.turnOf(first.key.familyId);
    if (turn !== null) await turn;
    const bytes = await readBody(gateway.bounds, exchange, first, parse.takes);
    const principal = await gateway.keys.current(exchange, first);
    const { json, call } = await gateway.bounds.work(exchange, reading(bytes, parse, exchange));
    const named = await refuseOthersThings(gateway, principal, call);
    return answeredEarly(gateway, { exchange, call }, (onWaiting) =>
      onceByKey(gateway, { exchange, principal, json }, async () => {
        const reply = await serveCall(gateway, { exchange, principal, call, onWaiting });
        return noteUsed(gateway, principal, { named, model: call.model, reply });
      }),
    );
  };
}

/** Parses a body into a call and estimates its input tokens. */
function* reading(
  bytes: Uint8Array,
  parse: Parse,
  exchange: Exchange,
): Steps<{ json: Record<string, unknown>; call: Call }> {
  const { json, parsed } = yield* parsing(bytes, parse, exchange);
  // Member by member, because every call makes one and members after a spread cost microseconds each.
  const { endpoint, model, stream, wantsUsage, maxOutputTokens, choices, user, inputTexts } = parsed;
  const { inputTokenIds, messageCount, imageCount, asks, body, form } = parsed;
  const call: Call = {
    endpoint,
    model,
    stream,
    wantsUsage,
    maxOutputTokens,
    choices,
    user,
    inputTexts,
    inputTokenIds,
    messageCount,
    imageCount,
    asks,
    body,
    source: bytes,
    drops: dropsIn(exchange.header(DROP_HEADER)),
    headers: passedHeaders(exchange.headers()),
    query: passedQuery(exchange.query),
    ...(form === undefined ? {} : { form }),
  };
  yield;
  yield* estimatingInputTokens(call);
  return { json, call };
}

/** `json` distinguishes two bodies under one idempotency key. */
function* parsing(
  bytes: Uint8Array,
  parse: Parse,
  exchange: Exchange,
): Steps<{ json: Record<string, unknown>; parsed: Call }> {
  if (parse.takes === "form") {
    const parsed = parse.call(bytes, formBody(bytes, exchange.header("content-type") ?? ""));
    yield;
    const isOnce = exchange.header("idempotency-key") !== undefined;
    return { json: isOnce ? { form: createHash("sha256").update(bytes).digest("hex") } : {}, parsed };
  }
  const json = yield* parsingJsonBody(bytes, { keepsDigits: true, reads: READ_FIELDS });
  yield;
  return { json, parsed: parse.call(json) };
}

const servingJson = (call: (json: Readonly<Record<string, unknown>>) => Call) => serving({ takes: "json", call });
export const serveChat = servingJson(parseChat);
export const serveResponses = servingJson(parseResponses);
export const serveEmbeddings = servingJson(parseEmbeddings);
export const serveMessages = servingJson((json) => parseMessages(json));
export const countTokens = servingJson((json) => parseMessages(json, "count_tokens"));

/** The handler of an endpoint of the table. */
export function serveOther(endpoint: OtherEndpoint): (gateway: Gateway, exchange: Exchange) => Promise<Reply> {
  return OTHERS[endpoint].takes === "form"
    ? serving({ takes: "form", call: (bytes, form) => parseForm(endpoint, bytes, form) })
    : servingJson((json) => parseOther(endpoint, json));
}

/** The same, starting from a parsed call. The plain chat route starts here. */
export async function serveCall(
  gateway: Gateway,
  asked: {
    readonly exchange: Exchange;
    readonly principal: Principal;
    readonly call: Call;
    readonly onWaiting: OnWaiting;
  },
): Promise<Reply> {
  const { exchange, principal, call, onWaiting } = asked;
  const feature = featureOf(exchange);
  const finished = gateway.tokenHistory.enter({ tenantId: principal.tenant.id, feature, model: call.model });
  const { tenant, tier } = principal;
  const bytes = call.source?.byteLength ?? 0;
  const park = () => gateway.bounds.park(exchange);
  const { signal } = exchange;
  const queue = new Queue(gateway, {
    signal,
    tenantId: tenant.id,
    tierPosition: tier.position,
    bytes,
    park,
    onWaiting,
  });
  const leave = () => {
    finished();
    queue.leave();
  };
  try {
    return await served(gateway, { exchange, principal, call, queue, leave, onWaiting });
  } catch (error) {
    leave();
    throw error;
  }
}

type Serving = Asking & { readonly leave: () => void; readonly onWaiting: OnWaiting };

/**
 * Sends a call. If the provider had no capacity or failed before the first byte, sends it again to a fallback
 * model, within the retry budget. If that fails too, the caller gets the first error.
 */
async function served(gateway: Gateway, serving: Serving): Promise<Reply> {
  const first = await sendOnce(gateway, serving);
  if (!("error" in first)) return first.reply;
  const { model, outcome, error, hasOtherWay } = first;
  const mayGoOn = (outcome === "limited" || outcome === "failed") && !serving.exchange.signal.aborted;
  if (!mayGoOn || !hasOtherWay || !gateway.upstreams.budget.take()) throw error;
  const again = { requestId: newRequestId(gateway.clock.now()), tried: [{ model, why: outcome }] };
  const second = await sendOnce(gateway, { ...serving, again }).catch(() => first);
  if ("error" in second) throw second.error;
  return second.reply;
}

type Failed = {
  readonly error: unknown;
  readonly model: Model;
  readonly outcome: Outcome;
  readonly hasOtherWay: boolean;
};
type Sent = { readonly reply: Reply } | Failed;

/** One try. Throws a refusal; returns an error of the provider as a value. */
async function sendOnce(gateway: Gateway, serving: Serving): Promise<Sent> {
  const { exchange, principal, call, queue, leave, onWaiting } = serving;
  const admitted = await admit(gateway, serving);
  const { candidate, decision, policy, intent, hasOtherWay } = admitted;
  const { model } = candidate;
  const tenantId = principal.tenant.id;
  const { requestId } = intent;
  const { states } = decision;
  const isRetry = serving.again !== undefined;
  const watched = gateway.upstreams.watch({ model, tenantId, requestId, isLastWay: !hasOtherWay, isRetry, states });
  for (const { check, used } of states) {
    // The capacity is the share of one class, but the refill is the whole limit.
    if (check.isPart === true) gateway.shedding.met(check.counter, (used + check.cost) / check.rule.refill);
  }
  const finished = (ending: Ending, costMicroUsd: number) => {
    queue.settled(costMicroUsd);
    leave();
    watched.ended(ending);
  };
  const open = beginCall(gateway, admitted, { choices: call.choices, asks: call.asks, finished });
  gateway.traced?.(intent.requestId, traceContext(exchange.header).traceparent);
  const headers = admittedHeaders({ decision, policy, candidate, call });
  putHeaders(headers, queue.headers);
  if (candidate.pair.countsHere === true) return { reply: await countHere(call, open, headers) };
  const send = sending(gateway, { exchange, call, candidate });
  onWaiting(() => ({ ...headers, ...idsOf(open) }), "atProvider");
  try {
    return { reply: await relay(gateway, { exchange, call, candidate, open, headers, send, watched }) };
  } catch (error) {
    const limits = decision.states.map(({ check }) => check);
    const told = await afterAdmitted(gateway, exchange, { policy, limits }, error);
    return { error: told, model, outcome: watched.outcome, hasOtherWay };
  }
}
