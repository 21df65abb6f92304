import { NO_USAGE } from "@/lib/money/usage";
import { AnthropicUsage } from "../anthropic/usage";
import { isObject, listOf, member, textOf } from "../json/object";
import { openaiUsage } from "../openai/usage";
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
  const counted = new AnthropicUsage();
  counted.take({ input_tokens: 0, output_tokens: 0 });
  counted.take(usage);
  const { inputTokens, outputTokens, cachedInputTokens, parts } = counted.usage() ?? NO_USAGE;
  const written = (parts?.cacheWrite ?? 0) + (parts?.cacheWriteHour ?? 0);
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: {
      cached_tokens: cachedInputTokens,
      ...(written === 0 ? {} : { cache_write_tokens: written }),
    },
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
  const { inputTokens, outputTokens, cachedInputTokens, parts, uses } = openaiUsage(usage) ?? NO_USAGE;
  const written = (parts?.cacheWrite ?? 0) + (parts?.cacheWriteHour ?? 0);
  const searches = uses?.web_search ?? 0;
  return {
    input_tokens: Math.max(0, inputTokens - cachedInputTokens - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: cachedInputTokens,
    output_tokens: outputTokens,
    ...(searches === 0 ? {} : { server_tool_use: { web_search_requests: searches } }),
  };
}
