import type { KeptObject } from "@/db/queries/books/kept";
import { PublicError } from "@/lib/errors";
import { type KeptPath, keptMethods } from "@/lib/wire/batches/batch-paths";
import type { Call } from "@/lib/wire/call";
import { isObject, parseBody } from "@/lib/wire/json/object";
import { hasNul } from "@/lib/wire/json/stored-text";
import { type Exchange, jsonReply, type Reply } from "../../exchange/exchange";
import type { Gateway } from "../../gateway";
import { serveCall } from "../serve-call";
import { bareCall } from "./bare-call";
import { billIfEnded, lookAt } from "./bill-batch";
import { submitBatch, submitMessageBatch } from "./submit-batch";
import { uploadFile } from "./upload-file";

export type KeptHandler = (gateway: Gateway, exchange: Exchange) => Promise<Reply>;

/** The handlers of a path of files and batches; undefined = another path. */
export function keptObject(path: string, isAnthropic: boolean): Readonly<Record<string, KeptHandler>> | undefined {
  const methods = keptMethods(path, isAnthropic);
  if (methods === undefined) return undefined;
  const handlers = Object.entries(methods).map(([method, at]) => [method, handlerOf(at)] as const);
  return Object.fromEntries(handlers);
}

function handlerOf(at: KeptPath): KeptHandler {
  const { id, verb } = at;
  if (id !== null) return (gateway, exchange) => serveOne(gateway, exchange, { ...at, id });
  if (verb === "list") return (gateway, exchange) => serveList(gateway, exchange, at);
  if (at.kind === "file") return (gateway, exchange) => uploadFile(gateway, exchange, at);
  return at.dialect === "openai" ? submitBatch : submitMessageBatch;
}

/**
 * Serves an object that a provider stores to its owner only. The provider would show it to everybody with the same
 * credential. It is a call like any other, free of charge, and goes to the provider that has the object.
 */
async function serveOne(gateway: Gateway, exchange: Exchange, at: KeptPath & { readonly id: string }): Promise<Reply> {
  const principal = await gateway.keys.authenticateNow(exchange);
  const object = await gateway.kept.of(principal.tenant.id, at.id, at.kind);
  const model = object === null ? undefined : gateway.policy.snapshot.models.get(object.model);
  if (object?.dialect !== at.dialect || model?.provider.id !== object.providerId) {
    throw new PublicError("not_found", `No ${at.kind} of yours has the id ${JSON.stringify(at.id)}.`, { param: "id" });
  }
  // The results are needed for billing, so they must not be deleted yet.
  if (at.verb === "remove" && at.kind === "batch" && object.pollAt !== null) await lookAt(gateway, object);
  const call = bareCall(exchange, { endpoint: at.endpoint, model: model.slug, at: placeOf(at) });
  const reply = await serveCall(gateway, { exchange, principal, call, onWaiting: () => undefined });
  await afterwards(gateway, object, at, reply);
  return reply;
}

function placeOf({ dialect, kind, verb, id }: KeptPath & { readonly id: string }): NonNullable<Call["at"]> {
  const root = kind === "file" ? "/files" : dialect === "openai" ? "/batches" : "/messages/batches";
  const path = `${root}/${encodeURIComponent(id)}`;
  if (verb === "content")
    return { method: "GET", path: `${path}/${kind === "file" ? "content" : "results"}`, isRaw: true };
  if (verb === "cancel") return { method: "POST", path: `${path}/cancel` };
  return { method: verb === "remove" ? "DELETE" : "GET", path };
}

/**
 * Records the provider's description of an object, and bills a batch that has ended. The answer is sent in any case.
 */
async function afterwards(gateway: Gateway, object: KeptObject, at: KeptPath, reply: Reply): Promise<void> {
  if (at.verb === "content" || !(reply.body instanceof Uint8Array)) return;
  const told = parseBody(reply.body);
  if (told === null) return;
  try {
    if (at.verb === "remove") await gateway.kept.forget(object);
    else {
      await gateway.kept.add([{ ...object, object: told }, ...filesOf(object, told)], gateway.clock.now());
      if (object.kind === "batch") await billIfEnded(gateway, object, told);
    }
  } catch (error) {
    gateway.log.warn({ err: error, object: object.id }, "could not record a provider's description of an object");
  }
}

/** The output files of an OpenAI batch. They belong to the same tenant. */
function filesOf(batch: KeptObject, told: Readonly<Record<string, unknown>>): KeptObject[] {
  return [told.output_file_id, told.error_file_id].flatMap((id) =>
    typeof id === "string"
      ? [{ ...batch, id, kind: "file", weight: null, requestId: null, pollAt: null, object: madeBy(batch, id) }]
      : [],
  );
}

function madeBy({ createdAt }: KeptObject, id: string) {
  return { id, object: "file", purpose: "batch_output", created_at: Math.floor(createdAt.getTime() / 1000) };
}

const LIST_MAX = 100;
const LIST_USUAL = 20;

/**
 * A tenant's own objects, as last described by their provider. The provider's own list contains all tenants' objects.
 */
async function serveList(gateway: Gateway, exchange: Exchange, at: KeptPath): Promise<Reply> {
  const principal = await gateway.keys.authenticateNow(exchange);
  const query = new URLSearchParams(exchange.query);
  const limit = Math.min(LIST_MAX, Math.max(1, Number(query.get("limit")) || LIST_USUAL));
  const after = query.get("after") ?? query.get("after_id");
  if (after !== null && hasNul(after))
    throw new PublicError("invalid_value", "after must not contain U+0000.", { param: "after" });
  const asked = { tenantId: principal.tenant.id, kind: at.kind, dialect: at.dialect, after, limit: limit + 1 };
  const found = await gateway.kept.list(asked);
  const data = found.slice(0, limit).map(({ object }) => object);
  const ends = { first_id: idOf(data[0]), last_id: idOf(data.at(-1)), has_more: found.length > limit };
  return jsonReply(200, at.dialect === "openai" ? { object: "list", data, ...ends } : { data, ...ends });
}

function idOf(object: unknown): unknown {
  return isObject(object) ? (object.id ?? null) : null;
}
