import type { ErrorCode } from "@/lib/errors";
import { ERRORS } from "@/lib/errors";
import { anthropicError, anthropicErrorFrame } from "./anthropic/error";
import type { Endpoint } from "./call";
import type { ErrorAnswer } from "./error-answer";
import { openaiError, openaiErrorFrame } from "./openai/error";
import { responsesErrorFrame } from "./responses/error";

/** The wire format that a caller speaks: how it is told of errors. */
export type CallerDialect = "openai" | "responses" | "anthropic";

export function dialectOfEndpoint(endpoint: Endpoint): CallerDialect {
  if (endpoint === "messages" || endpoint === "count_tokens") return "anthropic";
  return endpoint === "responses" ? "responses" : "openai";
}

/** The dialect of a request that may not have an endpoint at all: by its path, or by the header only one of them sends. */
export function dialectOfRequest(path: string, header: (name: string) => string | undefined): CallerDialect {
  if (path.startsWith("/v1/messages")) return "anthropic";
  if (path.startsWith("/v1/models") && header("anthropic-version") !== undefined) return "anthropic";
  return path === "/v1/responses" ? "responses" : "openai";
}

export function errorBody(dialect: CallerDialect, answer: ErrorAnswer): Record<string, unknown> {
  return dialect === "anthropic" ? anthropicError(answer) : openaiError(answer);
}

/** The frame that ends a running stream. A bare close would look like success to most clients. */
export function errorFrame(dialect: CallerDialect, answer: ErrorAnswer): string {
  if (dialect === "anthropic") return anthropicErrorFrame(answer);
  return dialect === "responses" ? responsesErrorFrame(answer) : openaiErrorFrame(answer);
}

/** Anthropic has a status of its own for an overload. */
export function statusOf(dialect: CallerDialect, code: ErrorCode): number {
  return dialect === "anthropic" && code === "overloaded" ? 529 : ERRORS[code].status;
}
