import { type ErrorCode, PublicError } from "@/lib/errors";
import { retryAfterSeconds } from "./retry-after";
import type { Said } from "./said";
import { withoutSecrets } from "./without-secrets";

/** A provider's failure. */
export type Failure = {
  /** HTTP status; 200 when the error was inside an answer */
  readonly status: number;
  readonly said: Said | null;
  readonly header: (name: string) => string | null;
  readonly nowMs: number;
  /** must not appear in the caller's message */
  readonly secrets: readonly string[];
  /** the caller speaks the provider's dialect, so the provider's own types and codes mean something to it */
  readonly isSameDialect: boolean;
};

/**
 * A provider's error as its caller sees it: status, kind and wording stay where they mean the same to the caller, with
 * a true hint whether and when a retry can help. Problems of our credential are shown to the operator, not the caller.
 */
export function toldFailure(failure: Failure): PublicError {
  const { said, header, nowMs, secrets } = failure;
  const status = failure.status < 400 && said?.status != null ? said.status : failure.status;
  const code = codeOf(status, said);
  const seconds = retryAfterSeconds(header, nowMs) ?? (code === "upstream_rate_limited" ? 1 : null);
  const wording = code === "upstream_auth" || code === "upstream_quota" ? null : (said?.message ?? null);
  const words = wording === null ? "" : withoutSecrets(wording, secrets);
  const shouldRetry = canRetryHelp(code, status, seconds) && header("x-should-retry") !== "false";
  return new PublicError(code, messageFor(code, { words, status, seconds }), {
    ...(seconds === null ? {} : { retryAfterSeconds: seconds }),
    ...(said?.param == null ? {} : { param: said.param.slice(0, PARAM_CHARS_MAX) }),
    passed: { shouldRetry, ...statusOf(code, status), ...(failure.isSameDialect ? wordsOf(code, said) : {}) },
  });
}

const PARAM_CHARS_MAX = 128;
/** SDKs either hammer or hang on longer waits; these answers say not to retry. */
const LONG_WAIT_SECONDS = 60;

/** A provider may repeat a whole request in its message. Its own words come first; anything later is not searched. */
const WORDS_CHARS_MAX = 4000;

const TOO_LONG =
  /context.?(length|window|size)|context_length_exceeded|maximum (context|prompt|input)|(prompt|input|request)( is|'s)? too (long|many tokens)|too many (input |prompt )?tokens|(exceed|longer than|larger than|greater than)\S* .{0,60}\b(context|max_model_len|maximum .{0,20}tokens)/i;
const QUOTA =
  /insufficient_quota|insufficient.?balance|billing|credit balance|out of credits|exceeded your current quota/i;
const OVERLOADED =
  /overloaded|over capacity|capacity exceeded|engine is (currently )?busy|no available (workers?|capacity)/i;

/** By the status; by the words where the status has several meanings or is missing. */
function codeOf(status: number, said: Said | null): ErrorCode {
  const kind = `${said?.type ?? ""} ${said?.code ?? ""}`;
  const text = `${kind} ${said?.message ?? ""}`.slice(0, WORDS_CHARS_MAX);
  const isRefusal = status === 400 || status === 413 || status === 422 || status < 400;
  if (isRefusal && TOO_LONG.test(text)) return "context_length_exceeded";
  if (status === 402 || (status !== 400 && status < 500 && QUOTA.test(text))) return "upstream_quota";
  if (status === 529 || status === 503 || OVERLOADED.test(kind) || (status < 400 && OVERLOADED.test(text)))
    return "upstream_overloaded";
  return BY_STATUS[status] ?? byKind(kind, status);
}

const BY_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: "upstream_auth",
  407: "upstream_auth",
  403: "upstream_forbidden",
  404: "upstream_not_found",
  408: "upstream_timeout",
  413: "upstream_too_large",
  429: "upstream_rate_limited",
  504: "upstream_timeout",
};

function byKind(kind: string, status: number): ErrorCode {
  if (status >= 400) return status < 500 ? "upstream_refused" : "upstream_error";
  if (/rate_?limit|too_many_requests/i.test(kind)) return "upstream_rate_limited";
  if (/authentication|invalid_api_key/i.test(kind)) return "upstream_auth";
  if (/permission/i.test(kind)) return "upstream_forbidden";
  if (/not_?found/i.test(kind)) return "upstream_not_found";
  if (/too_large/i.test(kind)) return "upstream_too_large";
  if (/timeout/i.test(kind)) return "upstream_timeout";
  return /invalid_request|bad_?request/i.test(kind) ? "upstream_refused" : "upstream_error";
}

const HELPED_BY_RETRY: ReadonlySet<ErrorCode> = new Set([
  ...(["upstream_rate_limited", "upstream_overloaded", "upstream_timeout", "upstream_error"] as const),
]);
/** The provider cannot do it, now or later. A redirect means a wrong address. */
const FOR_GOOD: ReadonlySet<number> = new Set([501, 505]);

function canRetryHelp(code: ErrorCode, status: number, seconds: number | null): boolean {
  if (FOR_GOOD.has(status) || (status >= 300 && status < 400)) return false;
  return HELPED_BY_RETRY.has(code) && (seconds ?? 0) < LONG_WAIT_SECONDS;
}

function messageFor(code: ErrorCode, said: { words: string; status: number; seconds: number | null }): string {
  const { words, status, seconds } = said;
  switch (code) {
    case "upstream_rate_limited": {
      const wait = ` Please try again in ${seconds ?? 1}s.`;
      return `The provider has reached its own limit${words === "" ? "." : `: ${words}`}${wait}`;
    }
    case "upstream_auth":
      return "The provider rejected the gateway's credentials. Contact the operator.";
    case "upstream_quota":
      return "The provider account is out of credit. Contact the operator.";
    default:
      return words === "" ? bareMessage(code, status) : words;
  }
}

function bareMessage(code: ErrorCode, status: number): string {
  if (code === "upstream_overloaded") return "The provider is overloaded.";
  if (status < 300) return "The provider reported an error while answering.";
  return status < 500 && status >= 400
    ? `The provider rejected this request with status ${status}.`
    : `The provider answered with status ${status}.`;
}

/** Refusals keep their status, as callers decide by it. Only Anthropic uses 529. */
function statusOf(code: ErrorCode, status: number): { status?: number } {
  if (code === "upstream_overloaded" && status === 503) return { status };
  return code === "upstream_refused" && status >= 400 && status < 500 ? { status } : {};
}

const WORD = /^[\w.:-]{1,64}$/;

/** The provider's own type and, for a refusal, its code. For all others, our code says more. */
function wordsOf(code: ErrorCode, said: Said | null): { type?: string; code?: string } {
  if (code === "upstream_auth" || code === "upstream_quota") return {};
  const isWord = (text: string | null): text is string => text !== null && WORD.test(text) && !/^\d+$/.test(text);
  return {
    ...(isWord(said?.type ?? null) ? { type: said?.type ?? "" } : {}),
    ...(isWord(said?.code ?? null) && REFUSALS.has(code) ? { code: said?.code ?? "" } : {}),
  };
}

const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  ...(["upstream_refused", "upstream_not_found", "upstream_too_large", "upstream_forbidden"] as const),
]);
