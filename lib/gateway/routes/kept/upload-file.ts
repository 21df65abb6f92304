import { createHash } from "node:crypto";
import { PublicError } from "@/lib/errors";
import type { KeptPath } from "@/lib/wire/batches/batch-paths";
import { type FormBody, fieldsOf, formBody } from "@/lib/wire/others/form-body";
import { readBody } from "../../bounds/read-body";
import type { Steps } from "../../bounds/turns";
import type { Exchange, Reply } from "../../exchange/exchange";
import type { Gateway } from "../../gateway";
import { onceByKey } from "../../running/idempotency";
import { refuseOthers } from "../others-things";
import { serveCall } from "../serve-call";
import { bareCall } from "./bare-call";
import { fileModel, keptModel, noteMade } from "./kept-call";
import { type ModelOf, type Weighed, weighFile, withNamed } from "./weigh";

type Upload = {
  readonly source: Uint8Array;
  readonly form: FormBody;
  /** set when the file holds batch calls */
  readonly calls: Weighed | null;
};

/**
 * Uploads a file to its provider for its tenant. A file of batch calls is parsed and weighed on the way; a batch of it
 * reserves that weight. The size is bounded like every body of the key.
 */
export async function uploadFile(gateway: Gateway, exchange: Exchange, at: KeptPath): Promise<Reply> {
  const first = await gateway.keys.authenticate(exchange);
  const bytes = await readBody(gateway.bounds, exchange, first, "form");
  const principal = await gateway.keys.current(exchange, first);
  const modelOf = (name: string) => keptModel(gateway, principal, at.dialect, name);
  const contentType = exchange.header("content-type") ?? "";
  const { source, form, calls } = await gateway.bounds.work(exchange, reading(bytes, contentType, modelOf));
  const named = calls === null ? null : await refuseOthers(gateway, principal, calls.named, calls.timesOf);
  const model = calls?.model ?? fileModel(gateway, exchange, principal, at.dialect);
  const place = { method: "POST", path: "/files" } as const;
  const call = { ...bareCall(exchange, { endpoint: at.endpoint, model: model.slug, at: place }), source, form };
  const isOnce = exchange.header("idempotency-key") !== undefined;
  const json = isOnce ? { form: createHash("sha256").update(bytes).digest("hex") } : {};
  return onceByKey(gateway, { exchange, principal, json }, async () => {
    const reply = await serveCall(gateway, { exchange, principal, call, onWaiting: () => undefined });
    return noteMade(gateway, reply, {
      principal,
      model,
      kind: "file",
      weight: calls === null ? null : withNamed(calls.weight, named?.tokens ?? 0),
    });
  });
}

function* reading(bytes: Uint8Array, contentType: string, modelOf: ModelOf): Steps<Upload> {
  const form = formBody(bytes, contentType);
  yield;
  const fields = fieldsOf(bytes, form);
  const files = form.parts.filter(({ filename }) => filename !== null);
  const [file, other] = files;
  if (file === undefined || other !== undefined) {
    throw new PublicError("missing_field", 'Send one file, in the field "file".', { param: "file" });
  }
  if (fields.purpose !== "batch") return { source: bytes, form, calls: null };
  const weighed = yield* weighFile(bytes.subarray(file.start, file.end), modelOf);
  const { weight, model, named, timesOf } = weighed;
  const source = Buffer.concat([bytes.subarray(0, file.start), weighed.bytes, bytes.subarray(file.end)]);
  // Its parts have moved, and nothing reads them any more.
  return { source, form: { ...form, parts: [] }, calls: { weight, model, named, timesOf } };
}
