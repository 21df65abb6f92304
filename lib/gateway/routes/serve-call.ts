import { parseMessages } from "@/lib/wire/anthropic/parse-messages";
import type { Call } from "@/lib/wire/call";
import { parsingJsonBody } from "@/lib/wire/json/json-guard";
import { passedHeaders, passedQuery } from "@/lib/wire/open/passed-headers";
import { parseChat } from "@/lib/wire/openai/parse-chat";
import { parseEmbeddings } from "@/lib/wire/openai/parse-embeddings";
import { parseResponses } from "@/lib/wire/responses/parse-responses";
import { DROP_HEADER, dropsIn } from "@/lib/wire/translate/losses";
import { admit } from "../admit/admit";
import { estimatingInputTokens } from "../attempt/estimate";
import { readBody } from "../bounds/read-body";
import type { Steps } from "../bounds/turns";
import type { Principal } from "../caller/principal";
import { featureOf } from "../caller/subject";
import { admittedHeaders } from "../exchange/answer-headers";
import type { Exchange, Reply } from "../exchange/exchange";
import { afterAdmitted } from "../exchange/peeked-headers";
import type { Gateway } from "../gateway";
import { beginCall } from "../running/begin-call";
import { onceByKey } from "../running/idempotency";
import { relay } from "../running/relay";
import { sending } from "../running/send";
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
    const bytes = await readBody(gateway.bounds, exchange, first);
    const principal = await gateway.keys.current(exchange, first);
    const { json, call } = await gateway.bounds.work(exchange, reading(bytes, parse, exchange));
    return onceByKey(gateway, { exchange, principal, json }, () => serveCall(gateway, exchange, principal, call));
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
    source: bytes,
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
  const finished = gateway.tokenHistory.enter({ tenantId: principal.tenant.id, feature, model: call.model });
  const { tenant, tier } = principal;
  const bytes = call.source?.byteLength ?? 0;
  const park = () => gateway.bounds.park(exchange);
  const { signal } = exchange;
  const queue = new Queue(gateway, { signal, tenantId: tenant.id, tierPosition: tier.position, bytes, park });
  const leave = () => {
    finished();
    queue.leave();
  };
  const ended = (costMicroUsd: number) => {
    queue.settled(costMicroUsd);
    leave();
  };
  try {
    const admitted = await admit(gateway, { exchange, principal, call, queue });
    const { candidate, decision, policy } = admitted;
    const { choices } = call;
    const open = beginCall(gateway, admitted, { choices, finished: ended });
    const headers = { ...admittedHeaders({ decision, policy, candidate, call }), ...queue.headers };
    if (candidate.pair.countsHere === true) return await countHere(call, open, headers);
    const send = sending(gateway, { exchange, call, candidate });
    return await relay(gateway, { exchange, call, candidate, open, headers, send }).catch(async (error: unknown) => {
      const limits = decision.states.map(({ check }) => check);
      throw await afterAdmitted(gateway, exchange, { policy, limits }, error);
    });
  } catch (error) {
    leave();
    throw error;
  }
}
