import { PublicError } from "@/lib/errors";
import type { Model } from "@/lib/providers/catalog";
import { dialectOfRequest } from "@/lib/wire/dialect";
import type { Principal } from "../caller/principal";
import { type Exchange, jsonReply, type Reply } from "../exchange/exchange";
import type { Gateway } from "../gateway";

/** GET /v1/models: the models that this key may call. Both dialects share the path; Anthropic's clients send a version. */
export async function listModels(gateway: Gateway, exchange: Exchange): Promise<Reply> {
  const principal = await gateway.keys.authenticateNow(exchange);
  const models = callable(gateway, principal);
  if (!isAnthropic(exchange)) return jsonReply(200, { object: "list", data: models.map(inOpenaiForm) });
  const data = models.map(inAnthropicForm);
  const ends = { first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null };
  return jsonReply(200, { data, has_more: false, ...ends });
}

/** GET /v1/models/{id}; the id may hold slashes. */
export async function retrieveModel(gateway: Gateway, exchange: Exchange): Promise<Reply> {
  const principal = await gateway.keys.authenticateNow(exchange);
  const slug = decoded(exchange.path.slice("/v1/models/".length));
  const model = callable(gateway, principal).find((one) => one.slug === slug);
  if (model === undefined)
    throw new PublicError("model_not_found", `The model ${JSON.stringify(slug.slice(0, 64))} does not exist.`, {
      param: "model",
      details: { model: slug.slice(0, 64) },
    });
  return jsonReply(200, isAnthropic(exchange) ? inAnthropicForm(model) : inOpenaiForm(model));
}

/** SDKs encode the slashes of an id. A value that does not decode is no id. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

function callable(gateway: Gateway, principal: Principal): Model[] {
  const { models } = principal.key;
  return [...gateway.policy.snapshot.models.values()].filter(
    (model) => model.price !== null && (models === null || models.includes(model.slug)),
  );
}

function inOpenaiForm(model: Model) {
  return { id: model.slug, object: "model", created: model.createdAt, owned_by: model.provider.slug };
}

function inAnthropicForm(model: Model) {
  const createdAt = new Date(model.createdAt * 1000).toISOString();
  return { type: "model", id: model.slug, display_name: model.slug, created_at: createdAt };
}

function isAnthropic(exchange: Exchange): boolean {
  return dialectOfRequest(exchange.path, exchange.header) === "anthropic";
}
