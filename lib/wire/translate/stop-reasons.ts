/** Why an answer ended, in both dialects' words. */
const PAIRS = [
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  ["tool_use", "tool_calls"],
  ["refusal", "content_filter"],
] as const;

export function finishReason(stopReason: unknown): string {
  return PAIRS.find(([anthropic]) => anthropic === stopReason)?.[1] ?? "stop";
}

export function stopReason(finish: unknown): string {
  return PAIRS.find(([, openai]) => openai === finish)?.[0] ?? "end_turn";
}
