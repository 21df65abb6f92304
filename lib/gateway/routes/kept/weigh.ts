import type { BatchWeight } from "@/db/schema/kept";
import { PublicError } from "@/lib/errors";
import { bothAsks, heldPrice, NO_RATE_ASKS, type RateAsks, unpricedPart } from "@/lib/money/cost";
import type { Model } from "@/lib/providers/catalog";
import { parseMessages } from "@/lib/wire/anthropic/parse-messages";
import type { Call } from "@/lib/wire/call";
import { parsingJsonBody } from "@/lib/wire/json/json-guard";
import { isObject } from "@/lib/wire/json/object";
import { rawBody } from "@/lib/wire/json/raw-body";
import { type StoredThing, storedThingsIn } from "@/lib/wire/open/stored-things";
import { parseChat } from "@/lib/wire/openai/parse-chat";
import { parseEmbeddings } from "@/lib/wire/openai/parse-embeddings";
import { parseOther } from "@/lib/wire/others/parse-other";
import { parseResponses } from "@/lib/wire/responses/parse-responses";
import { ESTIMATE_BOUND, estimatingInputTokens } from "../../attempt/estimate";
import type { Steps } from "../../bounds/turns";

type Body = Readonly<Record<string, unknown>>;

/** The named model, if this caller may use batches with it. Throws PublicError. */
export type ModelOf = (name: string) => Model;

/** OpenAI's own bound. */
const CALLS_MAX = 50_000;
/** Each owner is looked up before the batch is sent. */
const NAMED_MAX = 1000;

/** The endpoints that a line may call. Each line is parsed like the same call outside of a batch. */
const PARSERS: Readonly<Record<string, (body: Body) => Call>> = {
  "/v1/chat/completions": parseChat,
  "/v1/responses": parseResponses,
  "/v1/embeddings": parseEmbeddings,
  "/v1/completions": (body) => parseOther("completions", body),
  "/v1/moderations": (body) => parseOther("moderations", body),
};

/** `named`: stored objects that its calls name. `timesOf`: the number of calls that name one. */
export type Weighed = {
  readonly weight: BatchWeight;
  readonly model: Model;
  readonly named: readonly StoredThing[];
  readonly timesOf: (id: string) => number;
};

/** The weight of calls that also send stored tokens. */
export function withNamed(weight: BatchWeight, tokens: number): BatchWeight {
  const { inputTokens, longestInputTokens } = weight;
  return {
    ...weight,
    inputTokens: inputTokens + tokens,
    longestInputTokens: longestInputTokens + tokens * ESTIMATE_BOUND,
  };
}

/**
 * Weighs a file of batch calls, one per line. Returns their maximum usage, and the bytes with the provider's model
 * name. All lines must be for one path and one model of the catalogue, as the provider requires too. Throws PublicError
 * with the line number.
 */
export function* weighFile(bytes: Uint8Array, modelOf: ModelOf): Steps<Weighed & { readonly bytes: Uint8Array }> {
  const scale = new Scale(modelOf, "file");
  const lines: Uint8Array[] = [];
  let url = "";
  for (const { line, number } of linesIn(bytes)) {
    const at = `Line ${number}`;
    const json = yield* parsingJsonBody(line, { keepsDigits: true });
    const { body, url: path } = json;
    const parse = typeof path === "string" && Object.hasOwn(PARSERS, path) ? PARSERS[path] : undefined;
    if (parse === undefined || !isObject(body)) {
      throw refused(`${at} needs a body and a url of ${Object.keys(PARSERS).join(", ")}.`);
    }
    if (url !== "" && path !== url) throw refused(`${at} is for ${String(path)}, but earlier lines are for ${url}.`);
    url = String(path);
    const model = yield* scale.put(parse(body), at);
    const after = { ...json, body: { ...body, model: model.upstreamName } };
    lines.push(
      model.slug === model.upstreamName ? line : rawBody({ source: line, before: json, after, keepsNulls: true }),
      NEWLINE,
    );
  }
  return { ...scale.weighed(url), bytes: Buffer.concat(lines) };
}

/** The calls of an Anthropic batch in the same way. */
export function* weighRequests(requests: unknown, modelOf: ModelOf): Steps<Weighed & { readonly requests: unknown[] }> {
  const scale = new Scale(modelOf, "requests");
  if (!Array.isArray(requests))
    throw new PublicError("missing_field", "A batch needs requests.", { param: "requests" });
  const sent: unknown[] = [];
  for (const [index, request] of requests.entries()) {
    const at = `requests[${index}]`;
    const params = isObject(request) ? request.params : null;
    if (!isObject(request) || !isObject(params)) throw refused(`${at} needs params.`, "requests");
    const model = yield* scale.put(parseMessages(params), at);
    sent.push({ ...request, params: { ...params, model: model.upstreamName } });
  }
  return { ...scale.weighed("/v1/messages"), requests: sent };
}

/** Sums up calls of one model. */
class Scale {
  readonly #modelOf: ModelOf;
  readonly #param: string;
  #model: Model | null = null;
  #requests = 0;
  #input = 0;
  #output = 0;
  #longest = 0;
  #fees = 0;
  #rateAsks: RateAsks = NO_RATE_ASKS;
  readonly #named = new Map<string, StoredThing>();
  readonly #times = new Map<string, number>();

  constructor(modelOf: ModelOf, param: string) {
    this.#modelOf = modelOf;
    this.#param = param;
  }

  *put(call: Call, at: string): Steps<Model> {
    const model = this.#model?.slug === call.model ? this.#model : this.#modelOf(call.model);
    if (this.#model !== null && this.#model.slug !== model.slug) {
      throw this.#refused(
        `${at} requests "${model.slug}", but earlier lines request "${this.#model.slug}": a batch has one model.`,
      );
    }
    this.#model = model;
    this.#requests += 1;
    for (const thing of storedThingsIn(call.body)) {
      this.#named.set(thing.id, thing);
      this.#times.set(thing.id, (this.#times.get(thing.id) ?? 0) + 1);
    }
    if (this.#named.size > NAMED_MAX) throw this.#refused(`A batch may name at most ${NAMED_MAX} stored objects.`);
    if (this.#requests > CALLS_MAX) throw this.#refused(`A batch may have at most ${CALLS_MAX} calls.`);
    if (call.asks.serviceTier?.includes("geo-") === true)
      throw this.#refused(`${at} names an inference_geo, which has no price in a batch. Leave it out.`);
    if (call.stream) throw this.#refused(`${at} requests a stream, but batches do not stream.`);
    const most = call.maxOutputTokens ?? (model.price?.output === 0 ? 0 : model.maxOutputTokens);
    if (most > model.maxOutputTokens) {
      throw this.#refused(
        `${at} requests ${most} output tokens: "${model.slug}" allows at most ${model.maxOutputTokens}.`,
      );
    }
    const input = yield* estimatingInputTokens(call);
    this.#input += input;
    this.#longest = Math.max(this.#longest, Math.ceil(input * ESTIMATE_BOUND));
    this.#output += most * call.choices;
    const { cacheWrite: marks, outputParts } = call.asks;
    // OpenAI's dialect has no cache marks, as with a single call.
    const cacheWrite = this.#param === "file" ? "ifPriced" : marks;
    this.#rateAsks = bothAsks(this.#rateAsks, { cacheWrite, hasMedia: call.imageCount > 0, outputParts });
    if (model.price === null) return model;
    const unpriced = unpricedPart(model.price, call.asks);
    // A batch is charged in money alone.
    if (unpriced !== null) {
      const message = `${at} requests the ${unpriced.what}, which has no price for "${model.slug}". Ask the operator for a price, or leave it out.`;
      throw new PublicError("service_not_priced", message, { param: this.#param });
    }
    this.#fees += heldPrice(model.price, call.asks, 0).fees;
    return model;
  }

  weighed(url: string): Weighed {
    const model = this.#model;
    if (model === null) throw this.#refused("A batch needs at least one call.");
    const weight = {
      model: model.slug,
      url,
      requests: this.#requests,
      inputTokens: this.#input,
      outputTokens: this.#output,
      longestInputTokens: this.#longest,
      feesMicroUsd: this.#fees,
      rateAsks: this.#rateAsks,
    };
    return { weight, model, named: [...this.#named.values()], timesOf: (id) => this.#times.get(id) ?? 1 };
  }

  #refused(message: string): PublicError {
    return refused(message, this.#param);
  }
}

const NEWLINE = Buffer.from("\n");
const LINE_FEED = 10;

function* linesIn(bytes: Uint8Array): Generator<{ readonly line: Uint8Array; readonly number: number }> {
  let number = 0;
  for (let from = 0; from < bytes.byteLength; ) {
    const end = bytes.indexOf(LINE_FEED, from);
    const line = bytes.subarray(from, end === -1 ? bytes.byteLength : end);
    number += 1;
    // A blank line does not count, as with the provider.
    if (line.some((byte) => byte > SPACE)) yield { line, number };
    if (end === -1) return;
    from = end + 1;
  }
}

const SPACE = 32;

function refused(message: string, param = "file"): PublicError {
  return new PublicError("invalid_value", message, { param });
}
