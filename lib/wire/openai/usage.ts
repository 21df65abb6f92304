import type { Usage } from "@/lib/money/usage";
import { isObject, listOf, member } from "../json/object";
import { firstCount, largestCount, tokenCount, usageWith } from "../usage";

/**
 * The `usage` object of an OpenAI-compatible provider; null when it is missing or not credible. Providers disagree on
 * the place of cached input, and on whether the main counts include cached input and reasoning: the total decides.
 */
export function openaiUsage(value: unknown): Usage | null {
  if (!isObject(value)) return null;
  const prompt = firstCount(value.prompt_tokens, value.input_tokens);
  const completion = firstCount(value.completion_tokens, value.output_tokens);
  const total = tokenCount(value.total_tokens);
  if (isFalse(value) || (prompt === undefined && completion === undefined && total === undefined)) return null;
  const input = inputOf(value, { prompt, completion, total });
  const reasoning = reasoningOf(value);
  const outputTokens = outputOf({ inputTokens: input.inputTokens, completion, total, reasoning });
  const outputs = value.completion_tokens_details ?? value.output_tokens_details;
  return usageWith(
    { inputTokens: input.inputTokens, cachedInputTokens: input.cachedInputTokens, outputTokens },
    {
      parts: {
        cacheWrite: input.parts.cacheWrite,
        cacheWriteHour: input.parts.cacheWriteHour,
        audioInput: input.parts.audioInput,
        imageInput: input.parts.imageInput,
        reasoning: Math.min(reasoning, outputTokens),
        audioOutput: largestCount(member(outputs, "audio_tokens")),
        imageOutput: largestCount(member(outputs, "image_tokens")),
      },
      uses: usesIn(value),
      serviceTier: value.service_tier,
    },
  );
}

/** A value that is not a count: the whole report is rejected. */
function isFalse(usage: Record<string, unknown>): boolean {
  return ["prompt_tokens", "completion_tokens", "input_tokens", "output_tokens"].some(
    (name) => usage[name] !== undefined && usage[name] !== null && tokenCount(usage[name]) === undefined,
  );
}

type Told = {
  readonly prompt: number | undefined;
  readonly completion: number | undefined;
  readonly total: number | undefined;
};

function inputOf(usage: Record<string, unknown>, { prompt, completion, total }: Told) {
  const details = usage.prompt_tokens_details ?? usage.input_tokens_details;
  const cached = largestCount(
    ...[member(details, "cached_tokens"), member(details, "cache_read_tokens"), usage.cached_tokens],
    ...[usage.prompt_cache_hit_tokens, usage.cache_read_input_tokens, usage.num_cached_tokens],
  );
  const hour = largestCount(member(usage.cache_creation, "ephemeral_1h_input_tokens"));
  const written = largestCount(
    ...[member(details, "cache_write_tokens"), member(details, "cache_creation_tokens")],
    ...[member(details, "cache_creation_input_tokens"), usage.cache_creation_input_tokens, usage.cache_write_tokens],
    hour,
  );
  const told = prompt ?? Math.max(0, (total ?? 0) - (completion ?? 0));
  const all = told + cached + written;
  // Anthropic's names mean Anthropic's way: the input count excludes cached tokens.
  const isAnthropics = usage.cache_read_input_tokens !== undefined && cached + written > told;
  const isBeside = cached + written > 0 && (isAnthropics || total === all + (completion ?? 0));
  const inputTokens = isBeside ? all : told;
  return {
    inputTokens,
    cachedInputTokens: Math.min(cached, inputTokens),
    parts: {
      cacheWrite: written - hour,
      cacheWriteHour: hour,
      audioInput: largestCount(member(details, "audio_tokens")),
      imageInput: largestCount(member(details, "image_tokens")),
    },
  };
}

/** Embeddings may report only a total. */
function outputOf(told: {
  readonly inputTokens: number;
  readonly completion: number | undefined;
  readonly total: number | undefined;
  readonly reasoning: number;
}): number {
  const { inputTokens, completion = 0, total = 0, reasoning } = told;
  const output = Math.max(completion, total - inputTokens);
  return reasoning > output ? output + reasoning : output;
}

function reasoningOf(usage: Record<string, unknown>): number {
  const details = usage.completion_tokens_details ?? usage.output_tokens_details;
  return largestCount(member(details, "reasoning_tokens"), usage.reasoning_tokens);
}

/** Searches and other uses, as xAI and Perplexity count them. */
function usesIn(usage: Record<string, unknown>): Record<string, number> {
  const details = usage.server_side_tool_usage_details;
  const webSearches =
    largestCount(member(details, "web_search_calls")) + largestCount(member(details, "x_search_calls"));
  return {
    web_search: Math.max(webSearches, largestCount(usage.num_search_queries)),
    code_execution: largestCount(member(details, "code_interpreter_calls")),
    file_search: largestCount(member(details, "file_search_calls"), member(details, "document_search_calls")),
    search_source: largestCount(usage.num_sources_used),
  };
}

/** The usage of a chunk or a body: at its top, in Groq's extension, or in a choice (Moonshot). */
export function usageIn(value: Record<string, unknown>): unknown {
  if (isObject(value.usage)) return value.usage;
  const beside = member(value.x_groq, "usage");
  if (isObject(beside)) return beside;
  for (const choice of listOf(value.choices)) {
    const own = member(choice, "usage");
    if (isObject(own)) return own;
  }
  return undefined;
}
