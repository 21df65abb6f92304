import type { ErrorAnswer } from "../error-answer";
import { openaiError } from "../openai/error";
import { eventText } from "../stream-meter";

/**
 * The error event of a stream of response events. Its members stand twice: OpenAI's SDKs raise on `error`, the reference
 * has them on the event itself.
 */
export function responsesErrorFrame(answer: ErrorAnswer): string {
  const { error } = openaiError(answer);
  const { code, message, param } = error;
  return eventText(JSON.stringify({ type: "error", sequence_number: 0, code, message, param, error }), "error");
}
