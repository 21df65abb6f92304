import type { ErrorCode } from "@/lib/errors";
import { ERRORS } from "@/lib/errors";
import { anthropicError, anthropicErrorFrame } from "./anthropic/error";
import { type Endpoint, isAnthropics } from "./call";
import type { ErrorAnswer } from "./error-answer";
import { openaiError, openaiErrorFrame } from "./openai/error";
import { responsesErrorFrames } from "./responses/error";
import { commentText, eventText } from "./stream-meter";

/** The wire format of a caller, in which it gets errors. */
export type CallerDialect = "openai" | "responses" | "anthropic";

export function dialectOfEndpoint(endpoint: Endpoint): CallerDialect {
  if (isAnthropics(endpoint)) return "anthropic";
  return endpoint === "responses" ? "responses" : "openai";
}

/** The dialect of a request, also without an endpoint: by its path, or by a header that only one dialect sends. */
export function dialectOfRequest(path: string, header: (name: string) => string | undefined): CallerDialect {
  if (path.startsWith("/v1/messages")) return "anthropic";
  if (path.startsWith("/v1/responses")) return "responses";
  const isOpenai = path === "/v1/chat/completions" || path === "/v1/embeddings";
  return !isOpenai && header("anthropic-version") !== undefined ? "anthropic" : "openai";
}

export function errorBody(dialect: CallerDialect, answer: ErrorAnswer): Record<string, unknown> {
  return dialect === "anthropic" ? anthropicError(answer) : openaiError(answer);
}

/** An error in a stream that has had no other event. */
export function errorFrames(dialect: CallerDialect, answer: ErrorAnswer): string {
  if (dialect === "anthropic") return anthropicErrorFrame(answer);
  return dialect === "responses"
    ? responsesErrorFrames(answer, { sequence: 0, response: {} })
    : openaiErrorFrame(answer);
}

/** A sign of life in a silent stream. Anthropic's clients know an event for it; the others skip comments. */
export function pingFrame(dialect: CallerDialect): string {
  return dialect === "anthropic" ? eventText('{"type": "ping"}', "ping") : commentText("keep-alive");
}

/** Anthropic has its own status for an overload. */
export function statusOf(dialect: CallerDialect, code: ErrorCode): number {
  const isOverload = code === "overloaded" || code === "upstream_overloaded";
  return dialect === "anthropic" && isOverload ? 529 : ERRORS[code].status;
}
