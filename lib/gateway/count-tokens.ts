import { PublicError } from "@/lib/errors";
import { parseMessages } from "@/lib/wire/anthropic/parse-messages";
import { estimateInputTokens } from "./estimate";
import { type Exchange, jsonReply, type Reply } from "./exchange";
import type { Gateway } from "./gateway";
import { readJson } from "./read-json";
import { serveCall } from "./serve-chat";

/**
 * POST /v1/messages/count_tokens: asked of the provider where it can count (a request like any other, free of charge),
 * else our own estimate, which is what an admission would hold.
 */
export async function countTokens(gateway: Gateway, exchange: Exchange): Promise<Reply> {
  const principal = await gateway.keys.authenticate(exchange);
  const call = parseMessages(await readJson(exchange), exchange.header, "count_tokens");
  const model = gateway.policy.snapshot.models.get(call.model);
  if (model?.provider.dialect !== "openai") return serveCall(gateway, exchange, principal, call);
  const { models } = principal.key;
  if (models !== null && !models.includes(model.slug)) {
    throw new PublicError("model_not_allowed", `This API key may not call the model "${model.slug}".`, {
      param: "model",
    });
  }
  return jsonReply(200, { input_tokens: estimateInputTokens(call) });
}
