/** The two wire formats in which a caller gets errors. */
export type DialectName = "chat" | "messages";

/** One error, how it is brought about, and the hint whether a retry can help. */
export type Row = {
  readonly code: string;
  /** where Anthropic's SDK has a class for another code */
  readonly anthropicCode?: string;
  readonly status: number;
  readonly anthropicStatus?: number;
  readonly retry: "true" | "false";
  readonly send: Sent;
};

export type Sent = {
  /** whose key; absent = one without limits that matter */
  readonly by?:
    | "none"
    | "unknown"
    | "expired"
    | "narrow"
    | "chatless"
    | "far"
    | "suspended"
    | "few"
    | "small"
    | "spent"
    | "braked";
  /** laid over a sound body */
  readonly fields?: Readonly<Record<string, unknown>>;
  /** in place of a body of JSON */
  readonly text?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** what the provider answers */
  readonly upstream?: {
    readonly status: number;
    readonly body: unknown;
    readonly headers?: Readonly<Record<string, string>>;
  };
  /** the same call was sent before: it has been answered, or is still running */
  readonly before?: "answered" | "running" | "answered otherwise";
};

const keys = (count: number) => Array.from({ length: count }, (_, at) => `"k${at}":1`).join(",");
const failing = (status: number, error: object = {}, headers: Readonly<Record<string, string>> = {}): Sent => ({
  upstream: { status, body: { error: { message: "no", ...error } }, headers },
});
const bad = (code: string, send: Sent, status = 400): Row => ({ code, status, retry: "false", send });

export const ROWS: readonly Row[] = [
  bad("invalid_json", { text: '{"model":' }),
  bad("unknown_field", { fields: { api_base: "https://elsewhere.example" } }),
  bad("missing_field", { fields: { messages: undefined } }),
  bad("invalid_type", { fields: { temperature: "hot" } }),
  bad("invalid_value", { fields: { temperature: 99 } }),
  bad("invalid_messages", { fields: { messages: [] } }),
  bad("context_length_exceeded", {
    fields: { model: "tiny", messages: [{ role: "user", content: "water ".repeat(500) }] },
  }),
  bad("request_exceeds_limit", { by: "small", fields: { max_tokens: 900 } }),
  bad("field_not_translatable", { fields: { model: "other", mcp_servers: [{}], n: 2 } }),
  bad("service_not_priced", { by: "few", fields: { model: "own", service_tier: "priority" } }),
  bad("missing_api_key", { by: "none" }, 401),
  bad("invalid_api_key", { by: "unknown" }, 401),
  bad("key_expired", { by: "expired" }, 401),
  bad("model_not_allowed", { by: "narrow" }, 403),
  bad("endpoint_not_allowed", { by: "chatless" }, 403),
  bad("ip_not_allowed", { by: "far" }, 403),
  bad("tenant_suspended", { by: "suspended" }, 403),
  bad("model_not_found", { fields: { model: "no-such-model" } }, 404),
  bad("model_not_priced", { fields: { model: "unpriced" } }, 404),
  bad("not_found", { path: "/nothing" }, 404),
  bad("json_too_complex", { text: `{${keys(2001)}}` }),
  bad("json_too_deep", { text: `{"a":${"[".repeat(65)}${"]".repeat(65)}}` }),
  {
    code: "body_too_large",
    anthropicCode: "request_body_too_large_after_decoding",
    status: 413,
    retry: "false",
    send: { text: `"${"x".repeat(200_000)}"` },
  },
  { code: "idempotency_in_progress", status: 409, retry: "true", send: { before: "running" } },
  bad("already_completed", { before: "answered" }, 409),
  bad("idempotency_key_reused", { before: "answered otherwise" }, 422),
  { code: "rate_limit_exceeded", status: 429, retry: "true", send: { by: "few" } },
  {
    code: "insufficient_quota",
    anthropicCode: "enforced_spend_limit_reached",
    status: 429,
    retry: "false",
    send: { by: "spent" },
  },
  { code: "kill_switch_active", status: 503, retry: "false", send: { by: "braked" } },
  bad("upstream_refused", failing(400)),
  bad("upstream_forbidden", failing(403), 403),
  bad("upstream_not_found", failing(404), 404),
  bad("upstream_too_large", failing(413), 413),
  { code: "upstream_rate_limited", status: 429, retry: "true", send: failing(429, {}, { "retry-after": "7" }) },
  bad("upstream_quota", failing(429, { code: "insufficient_quota" }), 429),
  { code: "upstream_overloaded", status: 503, anthropicStatus: 529, retry: "true", send: failing(529) },
  bad("upstream_auth", failing(401), 502),
  { code: "upstream_error", status: 502, retry: "true", send: failing(500) },
  { code: "upstream_timeout", status: 504, retry: "true", send: failing(504) },
  { code: "upstream_protocol_error", status: 502, retry: "true", send: { upstream: { status: 200, body: {} } } },
  {
    code: "upstream_protocol_error",
    status: 502,
    retry: "false",
    send: { upstream: { status: 200, body: { error: { message: "no", type: "invalid_request_error" } } } },
  },
];

/** Rows of the document that need a broken store, a start, an end, or time: the tests that bring them about. */
export const ELSEWHERE: Readonly<Record<string, string>> = {
  rotation_not_allowed: "e2e/operators/own-rotation.e2e.test.ts",
  endpoint_not_supported: "e2e/gateway/dialects.e2e.test.ts",
  too_many_attempts: "e2e/gateway/manners.e2e.test.ts",
  body_in_pieces: "lib/gateway/bounds/arriving-body.test.ts",
  request_timeout: "lib/gateway/bounds/arriving-body.test.ts",
  too_much_at_once: "lib/gateway/bounds/bounds.test.ts",
  call_shed: "lib/gateway/admit/admit.test.ts",
  too_many_failed_calls: "lib/gateway/bounds/bounds.test.ts",
  overloaded: "e2e/gateway/conformance.e2e.test.ts",
  limiter_error: "e2e/wire/limiter-error.e2e.test.ts",
  limiter_unavailable: "e2e/fleet/shared-store.e2e.test.ts",
  auth_unavailable: "e2e/chaos/database-faults.e2e.test.ts",
  database_unavailable: "lib/console/kernel/change.rim.test.ts",
  starting: "e2e/chaos/boot-faults.e2e.test.ts",
  shutting_down: "e2e/chaos/crash.e2e.test.ts",
  thread_not_found: "lib/wire/anthropic/threads.test.ts",
  thread_unsupported_request: "lib/wire/anthropic/threads.test.ts",
};
/** A fault that nobody foresaw: no test can bring it about. */
export const OURS: readonly string[] = ["internal"];
