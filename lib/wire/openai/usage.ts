import { isObject } from "../json/object";
import { tokenCount, type Usage } from "../usage";

/** OpenAI's `usage` object to Usage; null when it is missing or not believable. */
export function openaiUsage(value: unknown): Usage | null {
  if (!isObject(value)) return null;
  const inputTokens = tokenCount(value.prompt_tokens);
  const outputTokens = tokenCount(value.completion_tokens);
  if (inputTokens === undefined || outputTokens === undefined) return null;
  const details = value.prompt_tokens_details;
  const cached = isObject(details) ? tokenCount(details.cached_tokens) : undefined;
  return { inputTokens, outputTokens, cachedInputTokens: Math.min(cached ?? 0, inputTokens) };
}
