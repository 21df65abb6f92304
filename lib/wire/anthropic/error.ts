import { ERRORS, type ErrorCode } from "@/lib/errors";
import type { ErrorAnswer } from "../error-answer";
import { eventText } from "../stream-meter";

/** Codes for which Anthropic's SDK has its own classes. */
const KNOWN_CODES: Partial<Record<ErrorCode, string>> = {
  insufficient_quota: "enforced_spend_limit_reached",
  body_too_large: "request_body_too_large_after_decoding",
};

/**
 * Anthropic's error body. Its SDK reads `error.type`, `error.message` and `error.details.error_code`; further members
 * are ours. The request id is also in the text: people paste text, not headers.
 */
export function anthropicError(answer: ErrorAnswer): Record<string, unknown> {
  const code = answer.passed?.code ?? KNOWN_CODES[answer.code] ?? answer.code;
  const details = { error_code: code, param: answer.param, ...answer.fields };
  return {
    type: "error",
    error: {
      type: answer.passed?.type ?? ERRORS[answer.code].anthropic,
      message: `${answer.message} (request id ${answer.requestId})`,
      details,
    },
    request_id: answer.requestId,
  };
}

/** The frame that ends a running stream; frames without a name are skipped by Anthropic's clients. */
export function anthropicErrorFrame(answer: ErrorAnswer): string {
  return eventText(JSON.stringify(anthropicError(answer)), "error");
}
