import type { RefusedCall } from "@/db/queries/books/refused";
import { PublicError } from "@/lib/errors";
import { largestOutput } from "@/lib/limits/ladder/largest-output";
import { heldPriceOf } from "@/lib/money/cost";
import { isForEveryone } from "@/lib/policy/compile";
import { policyInForce } from "@/lib/policy/snapshot/in-force";
import { type Exchange, jsonReply, type Reply } from "../exchange/exchange";
import type { Gateway } from "../gateway";

const ID = /^req_[0-9a-f]{32}$/;

/**
 * GET /v1/refusals/{request id}: why a call of this key was refused, with every limit at that moment and the wait. 404
 * if the call was not refused, belongs to another key, or is no longer stored.
 */
export async function serveRefusal(gateway: Gateway, exchange: Exchange): Promise<Reply> {
  const principal = await gateway.keys.authenticateNow(exchange);
  const requestId = exchange.path.slice("/v1/refusals/".length);
  const found = ID.test(requestId) ? await gateway.books.refusedCall(requestId).catch(away) : null;
  if (found === null || found.tenantId !== principal.tenant.id || found.keyFamilyId !== principal.key.familyId) {
    const message =
      "No refused call of this key has that id. Refusals are stored for a week. Of many refusals at once, only some are stored.";
    throw new PublicError("not_found", message, { param: "request_id" });
  }
  const { limits } = policyInForce(gateway.policy.snapshot, principal.tenant.id, principal.key.familyId);
  const own = new Set(limits.filter((one) => !isForEveryone(one)).map(({ name, layer }) => `${layer} ${name}`));
  return jsonReply(200, answerOf(found, own));
}

export type RefusalAnswer = ReturnType<typeof answerOf>;

/** `own`: the caller's limits in force that are not for everyone, by layer and name. */
function answerOf(found: RefusedCall, own: ReadonlySet<string>) {
  const isOwn = (one: { readonly layer: string; readonly name: string }) =>
    !isShared(one.layer) && (one.layer !== "model" || own.has(`${one.layer} ${one.name}`));
  const { requestId, at, code, message, layer, dimension, limitName, retryAfterMs, met } = found;
  const sized = {
    inputTokens: found.estimatedInputTokens,
    outputTokens: found.reservedOutputTokens,
    permits: found.permits,
    price: heldPriceOf(found),
  };
  return {
    request_id: requestId,
    at: at.toISOString(),
    code,
    message,
    limit_name: limitName || null,
    layer: layer || null,
    dimension: dimension || null,
    retry_after_seconds: retryAfterMs === null ? null : retryAfterMs / 1000,
    reset_at: retryAfterMs === null ? null : new Date(at.getTime() + retryAfterMs).toISOString(),
    asked: {
      model: found.askedModel,
      input_tokens: sized.inputTokens,
      output_tokens: sized.outputTokens,
      requests: found.permits,
    },
    largest_output_tokens: met.every(isOwn) && met.length > 0 ? largestOutput(met, sized) : null,
    limits: met.filter(isOwn).map((one) => ({
      name: one.name,
      layer: one.layer,
      dimension: one.dimension,
      algorithm: one.algorithm,
      limit: one.limit,
      used: one.used,
      remaining: one.remaining,
      asked: one.asked,
      observe: one.observe,
      retry_after_seconds: one.waitMs === null ? null : one.waitMs / 1000,
    })),
  };
}

/** Counters over all tenants would reveal other tenants' usage. The refusal names the limit, without its numbers. */
function isShared(layer: string): boolean {
  return layer === "global" || layer === "provider";
}

export function away(cause: unknown): never {
  const message = "The ledger cannot be read at the moment. Please try again shortly.";
  throw new PublicError("limiter_unavailable", message, { cause, retryAfterSeconds: 2 });
}
