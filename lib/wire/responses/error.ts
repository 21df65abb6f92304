import type { ErrorAnswer } from "../error-answer";
import { openaiError } from "../openai/error";
import { eventText } from "../stream-meter";

/**
 * The end of a broken stream of response events. First comes an error event, with its members twice: OpenAI's SDKs
 * raise on `error`, the reference has them on the event itself. Then comes `response.failed`, the only one that Codex
 * reads, with the known part of the response. `sequence` is the number of the next event.
 */
export function responsesErrorFrames(
  answer: ErrorAnswer,
  { sequence, response }: { sequence: number; response: Readonly<Record<string, unknown>> },
): string {
  const { error } = openaiError(answer);
  const { code, message, param } = error;
  const first = { type: "error", sequence_number: sequence, code, message, param, error };
  const failed = {
    id: `resp_${answer.requestId}`,
    object: "response",
    output: [],
    ...response,
    status: "failed",
    error: { code, message },
  };
  const last = { type: "response.failed", sequence_number: sequence + 1, response: failed };
  return eventText(JSON.stringify(first), "error") + eventText(JSON.stringify(last), "response.failed");
}
