/** Why an answer ended, in the words of both dialects. The first pair with a word is its translation. */
const PAIRS = [
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["pause_turn", "stop"],
  ["max_tokens", "length"],
  ["model_context_window_exceeded", "length"],
  ["compaction", "length"],
  ["tool_use", "tool_calls"],
  ["tool_use", "function_call"],
  ["refusal", "content_filter"],
] as const;

/** An answer that calls a tool ended for that reason, unless it was cut short. */
export function finishReason(stopReason: unknown, callsTools = false): string {
  const finish = PAIRS.find(([anthropic]) => anthropic === stopReason)?.[1] ?? "stop";
  return callsTools && finish === "stop" ? "tool_calls" : finish;
}

export function stopReason(finish: unknown, answer: { callsTools?: boolean; refuses?: boolean } = {}): string {
  const stop = PAIRS.find(([, openai]) => openai === finish)?.[0] ?? "end_turn";
  if (stop !== "end_turn") return stop === "tool_use" && answer.callsTools === false ? "end_turn" : stop;
  return answer.callsTools === true ? "tool_use" : answer.refuses === true ? "refusal" : stop;
}
