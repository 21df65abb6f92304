import { PublicError } from "@/lib/errors";
import type { Call } from "@/lib/wire/call";
import type { Exchange, Reply } from "../exchange/exchange";
import type { Gateway } from "../gateway";
import { bareCall } from "./kept/bare-call";
import { serveCall } from "./serve-call";

export const RESPONSE_PATH = "/v1/responses/";

const PLACE = /^\/v1\/responses\/([\w-]{1,128})(\/cancel|\/input_items)?$/;

type Handler = (gateway: Gateway, exchange: Exchange) => Promise<Reply>;

/** The handlers of a path below `/v1/responses/`; undefined = unknown path. */
export function storedResponse(path: string): Readonly<Record<string, Handler>> | undefined {
  const [, id, rest = ""] = PLACE.exec(path) ?? [];
  if (id === undefined) return undefined;
  const serving = (method: "GET" | "POST" | "DELETE"): Handler => {
    const at = { method, path: `/responses/${id}${rest}` };
    return (gateway, exchange) => serveStored(gateway, exchange, { id, at });
  };
  if (rest === "/cancel") return { POST: serving("POST") };
  return rest === "" ? { GET: serving("GET"), DELETE: serving("DELETE") } : { GET: serving("GET") };
}

/**
 * Serves a stored response to the tenant whose call made it. The provider would show it to everybody with the same
 * credential. It is a call like any other, free of charge, and goes to the provider that has the response.
 */
async function serveStored(
  gateway: Gateway,
  exchange: Exchange,
  { id, at }: { readonly id: string; readonly at: NonNullable<Call["at"]> },
): Promise<Reply> {
  const principal = await gateway.keys.authenticateNow(exchange);
  await gateway.books.drain();
  const owner = await gateway.books.ownerOfAnswer(id).catch(away);
  const model = owner === null ? undefined : gateway.policy.snapshot.models.get(owner.servedModel);
  if (model === undefined || owner?.tenantId !== principal.tenant.id || model.provider.id !== owner.providerId) {
    throw new PublicError("not_found", `No response of yours has the id ${JSON.stringify(id)}.`, {
      param: "response_id",
    });
  }
  if (/(?:^|&)stream=(?!false)/.test(exchange.query)) {
    throw new PublicError("invalid_value", "A stored response is served whole. Leave stream out.", { param: "stream" });
  }
  const call = bareCall(exchange, { endpoint: "responses_stored", model: model.slug, at });
  return serveCall(gateway, { exchange, principal, call, onWaiting: () => undefined });
}

function away(cause: unknown): never {
  const message = "The owner of this response cannot be read at the moment. Please try again shortly.";
  throw new PublicError("limiter_unavailable", message, { cause, retryAfterSeconds: 2 });
}
