import { hash } from "node:crypto";
import { asPublicError, ERRORS, type ErrorCode, PublicError } from "@/lib/errors";
import { networkOf } from "@/lib/network";
import { type Endpoint, OTHER_ENDPOINTS } from "@/lib/wire/call";
import { dialectOfRequest, errorBody, statusOf } from "@/lib/wire/dialect";
import { OTHERS } from "@/lib/wire/others/endpoints";
import { LimitedError, RefusalError } from "../exchange/answer-headers";
import { type Exchange, jsonReply, putHeaders, type Reply } from "../exchange/exchange";
import { callerHeaders } from "../exchange/peeked-headers";
import type { Gateway } from "../gateway";
import { quotaStatus } from "../refusal/quota-status";
import { forReader } from "../refusal/read-as-text";
import { keptObject } from "./kept/serve-kept";
import { listModels, retrieveModel } from "./models";
import { plainChat } from "./plain-chat";
import { countTokens, serveChat, serveEmbeddings, serveMessages, serveOther, serveResponses } from "./serve-call";
import { serveOwnUsage, serveWish } from "./serve-own-books";
import { serveOwnRotation } from "./serve-own-key";
import { serveQuota } from "./serve-quota";
import { serveRefusal } from "./serve-refusal";
import { RESPONSE_PATH, storedResponse } from "./stored-responses";

type Handler = (gateway: Gateway, exchange: Exchange) => Promise<Reply>;

const ROUTES: Readonly<Record<string, Readonly<Record<string, Handler>>>> = {
  "/v1/chat/completions": { POST: serveChat },
  "/v1/responses": { POST: serveResponses },
  "/v1/embeddings": { POST: serveEmbeddings },
  "/v1/messages": { POST: serveMessages },
  "/v1/messages/count_tokens": { POST: countTokens },
  "/v1/models": { GET: listModels },
  "/v1/quota": { GET: serveQuota },
  "/v1/usage": { GET: serveOwnUsage },
  "/v1/wishes": { POST: serveWish },
  "/v1/key/rotate": { POST: serveOwnRotation },
  ...Object.fromEntries(OTHER_ENDPOINTS.map((name) => [`/v1${OTHERS[name].path}`, { POST: serveOther(name) }])),
  "/api/chat": { POST: plainChat },
};
const MODEL_PATH = "/v1/models/";
/** Paths below `/v1/messages` come before it. */
const KEPT_PATHS = ["/v1/files", "/v1/batches", "/v1/messages/batches"];
const REFUSAL_PATH = "/v1/refusals/";

/** Paths of the data plane. Both doors send them here, including unknown paths under /v1. */
export function isDataPlane(path: string): boolean {
  return path === "/v1" || path.startsWith("/v1/") || path === "/api/chat";
}

/**
 * Answers one data-plane request. The door calls `gateway.bounds.leave` after the answer is sent. Never throws: every
 * failure becomes an error in the caller's dialect, without internal details.
 */
export async function handle(gateway: Gateway, exchange: Exchange): Promise<Reply> {
  try {
    gateway.bounds.enter(exchange, networkOf(exchange.clientAddress));
    const reply = await route(gateway, exchange);
    putAlways(reply.headers, exchange);
    return await withLimits(gateway, exchange, reply);
  } catch (thrown) {
    const error = asPublicError(thrown);
    const blocked = await tooMany(gateway, exchange, error);
    const reply = errorReply(gateway, exchange, blocked ?? thrown);
    gateway.bounds.failed(exchange, error?.code ?? null);
    if (error !== null) noteTurnedAway(gateway, exchange, error);
    if (error instanceof RefusalError) {
      const refused = gateway.keys.knownAs(exchange);
      if (refused !== null) gateway.storms.refused(refused.key.familyId);
    }
    if (blocked !== null || (error !== null && HELD.has(error.code))) return { ...reply, isRepeated: true };
    return error !== null && BARE.has(error.code) ? reply : withLimits(gateway, exchange, reply);
  }
}

/** Calls that no limit refused and no provider saw. They appear in no other record. */
function noteTurnedAway(gateway: Gateway, exchange: Exchange, error: PublicError): void {
  if (error instanceof LimitedError || error.passed !== null || error.code === "client_gone") return;
  const principal = gateway.keys.knownAs(exchange);
  const presented =
    principal === null
      ? gateway.keys.presentedBy(exchange)
      : { keyId: principal.key.id, tenantId: principal.tenant.id };
  gateway.books.turnAway({
    requestId: exchange.requestId,
    code: error.code,
    status: error.status,
    tenantId: presented?.tenantId ?? null,
    keyId: presented?.keyId ?? null,
    address: exchange.clientAddress,
    path: placeOf(exchange),
    model: typeof error.details.model === "string" ? error.details.model.slice(0, MODEL_CHARS_MAX) : null,
  });
}

/** Of a name that the caller made up. */
const MODEL_CHARS_MAX = 64;

/** The endpoints that other calls are recorded under. A call that is turned away has the same name in the log. */
const ENDPOINTS: Readonly<Record<string, Endpoint>> = {
  "/v1/chat/completions": "chat",
  "/api/chat": "chat",
  "/v1/responses": "responses",
  "/v1/embeddings": "embeddings",
  "/v1/messages": "messages",
  "/v1/messages/count_tokens": "count_tokens",
  ...Object.fromEntries(OTHER_ENDPOINTS.map((name) => [`/v1${OTHERS[name].path}`, name])),
};

/** The endpoint's name, or the path where it has none. Only served paths, because the number of unknown ones is unbounded. */
function placeOf({ path }: Exchange): string {
  if (Object.hasOwn(ENDPOINTS, path)) return ENDPOINTS[path] ?? path;
  if (Object.hasOwn(ROUTES, path)) return path;
  return [MODEL_PATH, REFUSAL_PATH, RESPONSE_PATH, ...KEPT_PATHS].find((served) => path.startsWith(served)) ?? "";
}

/** Sent a second late, so that clients that repeat them do so slowly. */
const HELD: ReadonlySet<ErrorCode> = new Set(["too_many_failed_calls", "too_many_attempts"]);

/** Without a store request: the store gave no answer, or the answer must cost nothing. */
const BARE: ReadonlySet<ErrorCode> = new Set(["limiter_unavailable", "overloaded", "too_much_at_once", "client_gone"]);

const UNAUTHENTICATED = 401;

/**
 * Counts wrong keys after they have failed, and turns away only them. A good key costs no round trip, and is served
 * even if its address has sent many wrong keys. Null = answer the original error.
 */
async function tooMany(gateway: Gateway, exchange: Exchange, error: PublicError | null): Promise<PublicError | null> {
  if (error?.status !== UNAUTHENTICATED) return null;
  const blockedMs = await gateway.countFailedKey(exchange.clientAddress);
  if (blockedMs === 0) return null;
  const seconds = Math.max(1, Math.ceil(blockedMs / MS_PER_SECOND));
  const message = `Too many wrong or missing API keys from this address. Please check yours and try again in ${seconds}s.`;
  return new PublicError("too_many_attempts", message, { retryAfterSeconds: seconds });
}

const MS_PER_SECOND = 1000;

/** Every answer to a known key reports its limits. An answer without an admission costs one store request. */
async function withLimits(gateway: Gateway, exchange: Exchange, reply: Reply): Promise<Reply> {
  const principal = gateway.keys.knownAs(exchange);
  if (principal === null || TOLD.some((name) => name in reply.headers)) return reply;
  const headers = await callerHeaders(gateway, exchange, principal);
  putHeaders(headers, reply.headers);
  return { status: reply.status, headers, body: reply.body };
}

/** An answer with one of these headers came from an admission and already has all limits. */
const TOLD = ["x-ratelimit-limit", "x-spillway-limit-mode"];

async function route(gateway: Gateway, exchange: Exchange): Promise<Reply> {
  const { path, method } = exchange;
  const methods = path.startsWith(MODEL_PATH)
    ? { GET: retrieveModel }
    : path.startsWith(REFUSAL_PATH)
      ? { GET: serveRefusal }
      : Object.hasOwn(ROUTES, path)
        ? ROUTES[path]
        : (storedResponse(path) ?? keptObject(path, exchange.header("anthropic-version") !== undefined));
  if (methods === undefined) {
    throw new PublicError(
      "not_found",
      `Nothing exists at ${path.slice(0, 100)}. Spillway serves ${Object.keys(ROUTES).join(", ")}.`,
    );
  }
  const handler = Object.entries(methods).find(([name]) => name === method)?.[1];
  if (method === "OPTIONS") return { status: 204, headers: { allow: allowed(methods) }, body: new Uint8Array() };
  if (handler === undefined)
    throw new PublicError("method_not_allowed", `${path} takes ${allowed(methods)}.`, {
      details: { allow: allowed(methods) },
    });
  if (method !== "POST" || BY_HOLDERS.has(handler)) gateway.bounds.countRead(credentialDigest(exchange));
  return handler(gateway, exchange);
}

/** They are not calls, so no limit counts them. */
const BY_HOLDERS: ReadonlySet<Handler> = new Set([serveWish, serveOwnRotation]);

/** Not yet checked: another secret for the same key has another digest, so a stranger uses up nobody's reads. */
function credentialDigest({ header, clientAddress }: Exchange): string {
  const sent = [header("authorization"), header("x-api-key"), header("api-key")].map((value) => value ?? "");
  return hash("sha256", sent.some((value) => value !== "") ? sent.join("\n") : networkOf(clientAddress));
}

function allowed(methods: Readonly<Record<string, Handler>>): string {
  return [...Object.keys(methods), "OPTIONS"].join(", ");
}

/** Headers of every answer. */
function putAlways(headers: Record<string, string>, { requestId }: Exchange): void {
  headers["x-request-id"] ??= requestId;
  headers["request-id"] ??= requestId;
  headers["cache-control"] ??= "no-store";
  headers["x-content-type-options"] = "nosniff";
  headers["content-security-policy"] = "default-src 'none'; frame-ancestors 'none'";
}

/** Turns any throw into an answer. An internal error is logged here once, and the caller gets "internal". */
export function errorReply(gateway: Pick<Gateway, "log">, exchange: Exchange, thrown: unknown): Reply {
  const error = asPublicError(thrown) ?? internal(gateway, exchange, thrown);
  const { code, message, param } = error;
  const dialect = dialectOfRequest(exchange.path, exchange.header);
  const refusal = error instanceof RefusalError ? error.refusal : null;
  const { requestId } = exchange;
  const answer = {
    code,
    message,
    param,
    requestId,
    type: refusal?.type,
    fields: refusal?.fields,
    passed: error.passed,
  };
  const body = errorBody(dialect, forReader(answer, exchange.header("user-agent")));
  const headers: Record<string, string> = {};
  putAlways(headers, exchange);
  if (error instanceof LimitedError) putHeaders(headers, error.rateHeaders);
  putHeaders(headers, usualHeaders(error));
  if (refusal !== null) putHeaders(headers, refusal.headers);
  const status = error.passed?.status ?? quotaStatus(code, (name) => exchange.header(name)) ?? statusOf(dialect, code);
  return jsonReply(status, body, headers);
}

function internal(gateway: Pick<Gateway, "log">, exchange: Exchange, thrown: unknown): PublicError {
  gateway.log.error({ err: thrown, requestId: exchange.requestId, path: placeOf(exchange) }, "request failed");
  return new PublicError("internal", "An internal error occurred. It has been logged.");
}

/** Retry advice for errors that are not refusals with numbers. */
function usualHeaders(error: PublicError): Record<string, string> {
  const headers: Record<string, string> = {};
  if (error.status === 401) headers["www-authenticate"] = "Bearer";
  if (typeof error.details.allow === "string") headers.allow = error.details.allow;
  if (error.retryAfterSeconds !== null) headers["retry-after"] = String(error.retryAfterSeconds);
  if (error.passed !== null) headers["x-should-retry"] = String(error.passed.shouldRetry);
  else if (RETRYABLE.has(error.code)) headers["x-should-retry"] = "true";
  else if (ERRORS[error.code].status < 500) headers["x-should-retry"] = "false";
  return headers;
}

const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  "upstream_error",
  "upstream_protocol_error",
  "upstream_timeout",
  "upstream_rate_limited",
  "limiter_unavailable",
  "auth_unavailable",
  "overloaded",
  "too_much_at_once",
  "call_shed",
  "starting",
  "idempotency_in_progress",
  "shutting_down",
]);
