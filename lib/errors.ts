/** A fault that keeps the server from starting. Its message is shown as it is: one clear line per fault. */
export class BootFault extends Error {
  override readonly name = "BootFault";
}

/** Why the store of counters cannot be used. */
export const AWAY_REASONS = [
  "timeout",
  "connection",
  "restarting",
  "busy",
  "read_only",
  "out_of_memory",
  "cluster",
  "not_allowed",
  "other",
] as const;
export type AwayReason = (typeof AWAY_REASONS)[number];

/** The store of counters gave no answer, or none in time. Whether it did what it was asked is unknown. */
export class StoreUnavailable extends Error {
  override readonly name = "StoreUnavailable";
  readonly reason: AwayReason;

  constructor(message: string, reason: AwayReason = "other") {
    super(message);
    this.reason = reason;
  }
}

/**
 * A script of ours ran into an error inside the store: a bug, or a key that is not what it should be. It concerns the one
 * request that met it; the store itself is there. Its text names neither keys nor arguments.
 */
export class ScriptError extends Error {
  override readonly name = "ScriptError";
  readonly script: string;

  constructor(script: string, text: string) {
    super(`the script "${script}" failed in the store: ${text}`);
    this.script = script;
  }
}

/** How often scripts failed, by script, and how often the store could not be used, by reason. */
export type StoreFaults = {
  readonly scripts: ReadonlyMap<string, number>;
  readonly away: ReadonlyMap<AwayReason, number>;
};

type ErrorRow = { readonly status: number; readonly openai: string; readonly anthropic: string };

const request = { openai: "invalid_request_error", anthropic: "invalid_request_error" } as const;
const permission = { openai: "permission_error", anthropic: "permission_error" } as const;
const server = { openai: "server_error", anthropic: "api_error" } as const;

/** Every error a caller can get: HTTP status, and the `type` it carries in each dialect. One row per code. */
export const ERRORS = {
  missing_api_key: { status: 401, openai: "invalid_request_error", anthropic: "authentication_error" },
  invalid_api_key: { status: 401, openai: "invalid_request_error", anthropic: "authentication_error" },
  key_expired: { status: 401, openai: "invalid_request_error", anthropic: "authentication_error" },
  key_in_url: { status: 401, openai: "invalid_request_error", anthropic: "authentication_error" },
  provider_key_sent: { status: 401, openai: "invalid_request_error", anthropic: "authentication_error" },
  ambiguous_credentials: { status: 400, ...request },
  unauthenticated: { status: 401, ...permission },
  forbidden: { status: 403, ...permission },
  too_many_attempts: { status: 429, openai: "rate_limit_error", anthropic: "rate_limit_error" },
  too_much_at_once: { status: 429, openai: "rate_limit_error", anthropic: "rate_limit_error" },
  too_many_failed_calls: { status: 429, openai: "rate_limit_error", anthropic: "rate_limit_error" },
  model_not_allowed: { status: 403, ...permission },
  endpoint_not_allowed: { status: 403, ...permission },
  rotation_not_allowed: { status: 403, ...permission },
  endpoint_not_supported: { status: 400, ...request },
  ip_not_allowed: { status: 403, ...permission },
  tenant_suspended: { status: 403, ...permission },
  not_found: { status: 404, openai: "invalid_request_error", anthropic: "not_found_error" },
  model_not_found: { status: 404, openai: "invalid_request_error", anthropic: "not_found_error" },
  model_not_priced: { status: 404, openai: "invalid_request_error", anthropic: "not_found_error" },
  service_not_priced: { status: 400, ...request },
  method_not_allowed: { status: 405, ...request },
  conflict: { status: 409, ...request },
  idempotency_in_progress: { status: 409, ...request },
  already_completed: { status: 409, ...request },
  idempotency_key_reused: { status: 422, ...request },
  body_too_large: { status: 413, openai: "invalid_request_error", anthropic: "request_too_large" },
  confirmation_required: { status: 403, openai: "invalid_request_error", anthropic: "permission_error" },
  body_in_pieces: { status: 400, ...request },
  unsupported_media_type: { status: 415, ...request },
  unsupported_content_encoding: { status: 415, ...request },
  request_timeout: { status: 408, ...request },
  // Nobody reads it: it is for the access log, by the status that proxies use for this.
  client_gone: { status: 499, ...request },
  invalid_utf8: { status: 400, ...request },
  invalid_json: { status: 400, ...request },
  invalid_unicode: { status: 400, ...request },
  invalid_number: { status: 400, ...request },
  json_too_deep: { status: 400, ...request },
  json_too_complex: { status: 400, ...request },
  duplicate_key: { status: 400, ...request },
  invalid_body: { status: 400, ...request },
  unknown_field: { status: 400, ...request },
  field_not_translatable: { status: 400, ...request },
  thread_not_found: { status: 404, openai: "invalid_request_error", anthropic: "not_found_error" },
  thread_unsupported_request: { status: 400, ...request },
  missing_field: { status: 400, ...request },
  invalid_type: { status: 400, ...request },
  invalid_value: { status: 400, ...request },
  invalid_messages: { status: 400, ...request },
  too_many_messages: { status: 400, ...request },
  invalid_max_tokens: { status: 400, ...request },
  invalid_n: { status: 400, ...request },
  conflicting_fields: { status: 400, ...request },
  context_length_exceeded: { status: 400, ...request },
  request_exceeds_limit: { status: 400, ...request },
  call_shed: { status: 429, openai: "rate_limit_error", anthropic: "rate_limit_error" },
  rate_limit_exceeded: { status: 429, openai: "rate_limit_error", anthropic: "rate_limit_error" },
  insufficient_quota: { status: 429, openai: "insufficient_quota", anthropic: "billing_error" },
  kill_switch_active: { status: 503, ...server },
  overloaded: { status: 503, openai: "server_error", anthropic: "overloaded_error" },
  limiter_unavailable: { status: 503, ...server },
  limiter_error: { status: 500, ...server },
  auth_unavailable: { status: 503, ...server },
  database_unavailable: { status: 503, ...server },
  starting: { status: 503, ...server },
  shutting_down: { status: 503, ...server },
  upstream_rate_limited: { status: 429, openai: "rate_limit_error", anthropic: "rate_limit_error" },
  upstream_overloaded: { status: 503, openai: "server_error", anthropic: "overloaded_error" },
  upstream_quota: { status: 429, openai: "insufficient_quota", anthropic: "rate_limit_error" },
  upstream_refused: { status: 400, ...request },
  upstream_not_found: { status: 404, openai: "invalid_request_error", anthropic: "not_found_error" },
  upstream_too_large: { status: 413, openai: "invalid_request_error", anthropic: "request_too_large" },
  upstream_forbidden: { status: 403, ...permission },
  upstream_auth: { status: 502, ...server },
  upstream_error: { status: 502, ...server },
  upstream_protocol_error: { status: 502, ...server },
  upstream_timeout: { status: 504, openai: "server_error", anthropic: "timeout_error" },
  internal: { status: 500, ...server },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof ERRORS;

/** What of a provider's error holds for the caller as well, in place of the code's own. */
export type PassedError = {
  readonly status?: number;
  readonly type?: string;
  readonly code?: string;
  readonly shouldRetry: boolean;
};

/**
 * A request that cannot be served, with the text its caller may read. Anything secret goes into `cause`, which is
 * logged at the rim and never sent.
 */
export class PublicError extends Error {
  override readonly name = "PublicError";
  readonly code: ErrorCode;
  /** the offending member of the body, when there is one */
  readonly param: string | null;
  /** seconds the caller should wait, when the answer is worth repeating */
  readonly retryAfterSeconds: number | null;
  readonly details: Readonly<Record<string, unknown>>;
  /** null: the error is ours */
  readonly passed: PassedError | null;

  constructor(
    code: ErrorCode,
    message: string,
    more: {
      param?: string;
      cause?: unknown;
      retryAfterSeconds?: number;
      details?: Readonly<Record<string, unknown>>;
      passed?: PassedError;
    } = {},
  ) {
    const { stackTraceLimit } = Error;
    // An answer to a caller, not a fault: where it was made tells nobody anything, and to find out costs 10 µs.
    Error.stackTraceLimit = 0;
    super(message, { cause: more.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.param = more.param ?? null;
    this.retryAfterSeconds = more.retryAfterSeconds ?? null;
    this.details = more.details ?? {};
    this.passed = more.passed ?? null;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }
}

/** The PublicError of anything thrown. Matches by name: two bundles of this module may live in one process. */
export function asPublicError(thrown: unknown): PublicError | null {
  if (thrown instanceof PublicError) return thrown;
  if (!(thrown instanceof Error)) return null;
  if (thrown.name === "StoreUnavailable") {
    const message = "The counters cannot be reached at the moment. Please try again in 2s.";
    return new PublicError("limiter_unavailable", message, { cause: thrown, retryAfterSeconds: 2 });
  }
  if (thrown.name === "ScriptError") {
    return new PublicError("limiter_error", "The limits could not be checked: an internal error.", {
      cause: thrown,
    });
  }
  if (thrown.name !== "PublicError" || !("code" in thrown)) return null;
  const code = String(thrown.code);
  const details =
    "details" in thrown && typeof thrown.details === "object" && thrown.details !== null ? thrown.details : {};
  const param = "param" in thrown && typeof thrown.param === "string" ? { param: thrown.param } : {};
  return isErrorCode(code) ? new PublicError(code, thrown.message, { ...param, details: { ...details } }) : null;
}

/** Whether a text is the name of an error of ours. */
export function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(ERRORS, code);
}

/**
 * What a body that could not be read to its end was: the caller's doing, not a fault of ours. The server's own time limit
 * ends a slow body in the same way.
 */
export function brokenOff(thrown: unknown): PublicError {
  if (thrown instanceof PublicError) return thrown;
  return new PublicError("client_gone", "The request ended before its body did.", { cause: thrown });
}
