import type { BatchWeight } from "@/db/schema/kept";
import { PublicError } from "@/lib/errors";
import { isTierPriced } from "@/lib/money/price";
import type { Model } from "@/lib/providers/catalog";
import { presetOf } from "@/lib/providers/presets/presets.shared";
import type { Call } from "@/lib/wire/call";
import { parseBody } from "@/lib/wire/json/object";
import type { Principal } from "../../caller/principal";
import type { Exchange, Reply } from "../../exchange/exchange";
import type { Gateway } from "../../gateway";
import { BATCH_TIER } from "./bill-batch";

type Dialect = "openai" | "anthropic";
const MODEL_HEADER = "x-spillway-model";

/** Turns a bare call into the calls of a batch, reserved at their maximum usage and at batch rates. */
export function batchCall(call: Call, weight: BatchWeight, model: Model): Call {
  const { requests, inputTokens, outputTokens, longestInputTokens, feesMicroUsd, rateAsks } = weight;
  const isPriced = model.price !== null && isTierPriced(model.price, BATCH_TIER);
  return {
    ...call,
    maxOutputTokens: Math.ceil(outputTokens / requests),
    choices: requests,
    inputTokenIds: inputTokens,
    asks: { ...call.asks, serviceTier: isPriced ? BATCH_TIER : null },
    batch: { longestInputTokens, feesMicroUsd, rateAsks },
  };
}

/** The named model, if this caller may use files and batches with it. Throws PublicError. */
export function keptModel({ policy }: Gateway, { key }: Principal, dialect: Dialect, name: string): Model {
  const model = policy.snapshot.models.get(name);
  if (model === undefined) {
    const message = `The model ${JSON.stringify(name.slice(0, 64))} does not exist.`;
    throw new PublicError("model_not_found", message, { param: "model" });
  }
  if (key.models !== null && !key.models.includes(name)) {
    throw new PublicError("model_not_allowed", `This API key may not call the model "${name}".`, { param: "model" });
  }
  if (model.price === null) {
    const message = `The model "${name}" has no price yet and cannot be called.`;
    throw new PublicError("model_not_priced", message, { param: "model" });
  }
  if (!keeps(model, dialect)) {
    const message = `The provider of "${name}" does not offer files or batches of this API.`;
    throw new PublicError("endpoint_not_supported", message, { param: "model" });
  }
  return model;
}

/**
 * A model of the provider that stores a file: the model that the caller names, or the only possible one. Throws
 * PublicError.
 */
export function fileModel(gateway: Gateway, exchange: Exchange, principal: Principal, dialect: Dialect): Model {
  const named = exchange.header(MODEL_HEADER)?.trim();
  if (named !== undefined && named !== "") return keptModel(gateway, principal, dialect, named);
  const { models } = principal.key;
  const callable = [...gateway.policy.snapshot.models.values()].filter(
    (model) => model.price !== null && (models === null || models.includes(model.slug)) && keeps(model, dialect),
  );
  const [first, ...others] = callable;
  if (first === undefined) {
    throw new PublicError(
      "endpoint_not_supported",
      "None of your models has a provider that stores files of this API.",
    );
  }
  if (others.every(({ provider }) => provider.id === first.provider.id)) return first;
  const message = `Several providers could store this file. Name a model of the right provider in ${MODEL_HEADER}.`;
  throw new PublicError("missing_field", message, { param: MODEL_HEADER });
}

/** Clouds with their own signatures or paths have other APIs for files and batches. */
function keeps({ provider }: Model, dialect: Dialect): boolean {
  const { path = "plain", auth = "dialect" } = presetOf(provider.preset) ?? {};
  return provider.dialect === dialect && path === "plain" && auth !== "aws" && auth !== "google";
}

type Made = {
  readonly principal: Principal;
  readonly model: Model;
  readonly kind: "file" | "batch";
  readonly weight: BatchWeight | null;
};

/** Delay before the first poll of a batch. */
const FIRST_LOOK_MS = 30_000;

/** Records the owner of a new object. The provider has already created it, so the answer is sent in any case. */
export async function noteMade(
  gateway: Gateway,
  reply: Reply,
  { principal, model, kind, weight }: Made,
): Promise<Reply> {
  const object = reply.body instanceof Uint8Array ? parseBody(reply.body) : null;
  if (object === null || typeof object.id !== "string") return reply;
  const { provider } = model;
  const now = gateway.clock.now();
  const isBatch = kind === "batch";
  const made = {
    id: object.id,
    providerId: provider.id,
    kind,
    dialect: provider.dialect,
    tenantId: principal.tenant.id,
    model: model.slug,
    object,
    weight,
    requestId: isBatch ? (reply.headers["x-request-id"] ?? null) : null,
    pollAt: isBatch ? new Date(now + FIRST_LOOK_MS) : null,
  };
  try {
    await gateway.kept.add([made], now);
  } catch (error) {
    gateway.log.error(
      { err: error, object: object.id },
      "could not record the owner of an object: its tenant will not find it",
    );
  }
  return reply;
}
