import { z } from "zod";
import { PublicError } from "@/lib/errors";
import type { Call } from "@/lib/wire/call";
import { fieldFault, withoutNulls } from "@/lib/wire/json/field-fault";
import { parsingJsonBody } from "@/lib/wire/json/json-guard";
import { rawBody } from "@/lib/wire/json/raw-body";
import { storedText } from "@/lib/wire/json/stored-text";
import { readBody } from "../../bounds/read-body";
import type { Principal } from "../../caller/principal";
import type { Exchange, Reply } from "../../exchange/exchange";
import type { Gateway } from "../../gateway";
import { onceByKey } from "../../running/idempotency";
import { refuseOthers } from "../others-things";
import { serveCall } from "../serve-call";
import { bareCall } from "./bare-call";
import { batchCall, keptModel, noteMade } from "./kept-call";
import { type Weighed, weighRequests, withNamed } from "./weigh";

type Json = Readonly<Record<string, unknown>>;

const batchBody = z.looseObject({ input_file_id: storedText(128).min(1), endpoint: z.string().min(1).max(128) });

/** POST /v1/batches: the calls of an uploaded file. Their maximum usage is reserved until they have ended. */
export async function submitBatch(gateway: Gateway, exchange: Exchange): Promise<Reply> {
  const { principal, bytes, json } = await read(gateway, exchange);
  const body = withoutNulls(json);
  const parsed = batchBody.safeParse(body);
  if (!parsed.success) throw fieldFault(parsed.error.issues, body, {});
  const { input_file_id: id, endpoint: url } = parsed.data;
  const refused = (message: string, param = "input_file_id") => new PublicError("invalid_value", message, { param });
  const file = await gateway.kept.of(principal.tenant.id, id, "file");
  if (file === null) throw refused(`No file of yours has the id ${JSON.stringify(id)}.`);
  const { weight } = file;
  if (weight === null) throw refused('This file was not uploaded here with the purpose "batch".');
  if (weight.url !== url) throw refused(`The calls in this file are for ${weight.url}.`, "endpoint");
  const model = keptModel(gateway, principal, "openai", weight.model);
  if (model.provider.id !== file.providerId) throw refused("The model of this file has moved to another provider.");
  const call = bareCall(exchange, { endpoint: "batches", model: model.slug, at: { method: "POST", path: "/batches" } });
  return submitted(gateway, {
    exchange,
    principal,
    json,
    call: { ...call, body, source: bytes },
    weighed: { weight, model },
  });
}

/** POST /v1/messages/batches: the calls are in the body. */
export async function submitMessageBatch(gateway: Gateway, exchange: Exchange): Promise<Reply> {
  const { principal, bytes, json } = await read(gateway, exchange);
  const modelOf = (name: string) => keptModel(gateway, principal, "anthropic", name);
  const weighed = await gateway.bounds.work(exchange, weighRequests(json.requests, modelOf));
  const { tokens } = await refuseOthers(gateway, principal, weighed.named, weighed.timesOf);
  const { model, requests } = weighed;
  const place = { method: "POST", path: "/messages/batches" } as const;
  const isSame = model.slug === model.upstreamName;
  const body = isSame ? json : { ...json, requests };
  const source = isSame ? bytes : rawBody({ source: bytes, before: json, after: body, keepsNulls: true });
  const call = { ...bareCall(exchange, { endpoint: "message_batches", model: model.slug, at: place }), body, source };
  const whole = { ...weighed, weight: withNamed(weighed.weight, tokens) };
  return submitted(gateway, { exchange, principal, json, call, weighed: whole });
}

async function read(gateway: Gateway, exchange: Exchange) {
  const first = await gateway.keys.authenticate(exchange);
  const bytes = await readBody(gateway.bounds, exchange, first);
  const principal = await gateway.keys.current(exchange, first);
  const json = await gateway.bounds.work(exchange, parsingJsonBody(bytes, { keepsDigits: true }));
  return { principal, bytes, json };
}

type Submitted = {
  readonly exchange: Exchange;
  readonly principal: Principal;
  readonly json: Json;
  readonly call: Call;
  readonly weighed: Pick<Weighed, "weight" | "model">;
};

function submitted(gateway: Gateway, { exchange, principal, json, call, weighed }: Submitted): Promise<Reply> {
  const { weight, model } = weighed;
  return onceByKey(gateway, { exchange, principal, json }, async () => {
    const whole = batchCall(call, weight, model);
    const reply = await serveCall(gateway, { exchange, principal, call: whole, onWaiting: () => undefined });
    return noteMade(gateway, reply, { principal, model, kind: "batch", weight });
  });
}
