import { isObject, listOf, member, textOf } from "../json/object";
import { finishReason, stopReason } from "./stop-reasons";
import { toolCallsOf, toolUsesOf } from "./tool-calls";

/** One of Anthropic's messages as a chat completion. */
export function messageToCompletion(
  message: Readonly<Record<string, unknown>>,
  created: number,
): Record<string, unknown> {
  const blocks = listOf(message.content).filter(isObject);
  const text = blocks.map((block) => (block.type === "text" ? textOf(block.text) : "")).join("");
  const calls = toolCallsOf(blocks);
  const answer = {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    refusal: null,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
  return {
    id: `chatcmpl-${textOf(message.id)}`,
    object: "chat.completion",
    created,
    model: message.model,
    choices: [{ index: 0, message: answer, logprobs: null, finish_reason: finishReason(message.stop_reason) }],
    usage: usageToOpenai(message.usage),
  };
}

/** Anthropic's counts leave cached input out, OpenAI's include it. */
export function usageToOpenai(usage: unknown): Record<string, unknown> {
  const count = (name: string) => Number(member(usage, name) ?? 0);
  const cached = count("cache_read_input_tokens");
  const prompt = count("input_tokens") + cached + count("cache_creation_input_tokens");
  const completion = count("output_tokens");
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: cached },
  };
}

/** A chat completion as one of Anthropic's messages; of several choices the first. */
export function completionToMessage(completion: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const [choice] = listOf(completion.choices);
  const answer = member(choice, "message");
  const text = textOf(member(answer, "content")) || textOf(member(answer, "refusal"));
  const calls = toolUsesOf(member(answer, "tool_calls"));
  return {
    id: `msg_${textOf(completion.id)}`,
    type: "message",
    role: "assistant",
    model: completion.model,
    content: [...(text === "" ? [] : [{ type: "text", text }]), ...calls],
    stop_reason: stopReason(member(choice, "finish_reason")),
    stop_sequence: null,
    usage: usageToAnthropic(completion.usage),
  };
}

export function usageToAnthropic(usage: unknown): Record<string, unknown> {
  const cached = Number(member(member(usage, "prompt_tokens_details"), "cached_tokens") ?? 0);
  return {
    input_tokens: Math.max(0, Number(member(usage, "prompt_tokens") ?? 0) - cached),
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: cached,
    output_tokens: Number(member(usage, "completion_tokens") ?? 0),
  };
}
