import { ERRORS } from "@/lib/errors";
import type { ErrorAnswer } from "../error-answer";

/**
 * OpenAI's error body. Its SDKs read `message` (must be a string), `type`, `param` and `code`; further members are
 * ours. The request id is also in the text: people paste text, not headers.
 */
export function openaiError(answer: ErrorAnswer): { error: Record<string, unknown> } {
  return {
    error: {
      message: `${answer.message} (request id ${answer.requestId})`,
      type: answer.type ?? answer.passed?.type ?? ERRORS[answer.code].openai,
      param: answer.param,
      code: answer.passed?.code ?? answer.code,
      ...answer.fields,
      request_id: answer.requestId,
    },
  };
}

/**
 * The frame that ends a running stream. A bare close would look like success to most clients; OpenAI's SDKs raise on a
 * `data:` object with `error`, and `[DONE]` lets hand-written loops stop.
 */
export function openaiErrorFrame(answer: ErrorAnswer): string {
  return `data: ${JSON.stringify(openaiError(answer))}\n\ndata: [DONE]\n\n`;
}
