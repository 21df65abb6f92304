import { AnthropicUsage } from "../../anthropic/usage";
import { isObject, listOf, member, textOf } from "../../json/object";
import { openaiUsage, usageIn } from "../../openai/usage";
import type { ToolNames } from "../identity";
import { toolCallsOf, toolUsesOf } from "../tool-calls";
import { finishReason, stopReason } from "./stop-reasons";
import { wordsOf } from "./text-of-parts";

/** One of Anthropic's messages as a chat completion. */
export function messageToCompletion(
  message: Readonly<Record<string, unknown>>,
  created: number,
): Record<string, unknown> {
  const blocks = listOf(message.content).filter(isObject);
  const text = blocks.map((block) => (block.type === "text" ? textOf(block.text) : "")).join("");
  const thoughts = blocks.map((block) => (block.type === "thinking" ? textOf(block.thinking) : "")).join("");
  const calls = toolCallsOf(blocks);
  const answer = {
    role: "assistant",
    content: text === "" && calls.length > 0 ? null : text,
    refusal: null,
    ...(thoughts === "" ? {} : { reasoning_content: thoughts }),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
  const usage = new AnthropicUsage();
  usage.take(message.usage);
  const finish = finishReason(message.stop_reason, calls.length > 0);
  return {
    id: `chatcmpl-${textOf(message.id)}`,
    object: "chat.completion",
    created,
    model: message.model,
    choices: [{ index: 0, message: answer, logprobs: null, finish_reason: finish }],
    usage: usageToOpenai(usage),
  };
}

/** Anthropic's counts exclude cached input, OpenAI's include it. */
export function usageToOpenai(gathered: AnthropicUsage): Record<string, unknown> {
  const { inputTokens, cachedInputTokens, outputTokens } = gathered.usage() ?? NONE;
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    prompt_tokens_details: { cached_tokens: cachedInputTokens },
  };
}

const NONE = { inputTokens: 0, cachedInputTokens: 0, outputTokens: 0 };

/** Token counts known here, for what the provider did not report. */
export type KnownTokens = { readonly inputTokens: number; readonly outputTokens: number };

/** A chat completion as one of Anthropic's messages, from the first choice. */
export function completionToMessage(
  completion: Readonly<Record<string, unknown>>,
  options: { names: ToolNames; known: KnownTokens; showsThinking: boolean },
): Record<string, unknown> {
  const { names, known, showsThinking } = options;
  const [choice] = listOf(completion.choices);
  const answer = member(choice, "message");
  const { text, thinking, refusal } = wordsOf(answer);
  const calls = toolUsesOf(answer, names);
  const said = text + (text === refusal ? "" : refusal);
  const shape = { callsTools: calls.length > 0, refuses: refusal !== "" };
  return {
    id: `msg_${textOf(completion.id)}`,
    type: "message",
    role: "assistant",
    model: completion.model,
    content: [
      ...(showsThinking && thinking !== "" ? [{ type: "thinking", thinking, signature: "" }] : []),
      ...(said === "" ? [] : [{ type: "text", text: said }]),
      ...calls,
    ],
    stop_reason: stopReason(member(choice, "finish_reason"), shape),
    stop_sequence: null,
    usage: usageToAnthropic(usageIn(completion), known),
  };
}

/** A report in Anthropic's words, or the numbers known here when there is none. */
export function usageToAnthropic(reported: unknown, known: KnownTokens): Record<string, unknown> {
  const usage = openaiUsage(reported) ?? { ...known, cachedInputTokens: 0 };
  const written = usage.parts?.cacheWrite ?? 0;
  const cached = usage.cachedInputTokens;
  return {
    input_tokens: Math.max(0, usage.inputTokens - cached - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: cached,
    output_tokens: usage.outputTokens,
  };
}
