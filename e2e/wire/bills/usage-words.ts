import { inputOf, type Parts, type Planned } from "./planned";

/** The words of providers that speak OpenAI's chat: where they put what was cached, and where reasoning. */
export function chatUsage({ form }: Planned, parts: Parts): object {
  const { fresh, cached, text, reasoning, searches } = parts;
  const prompt = fresh + cached;
  const completion = text + reasoning;
  const found = searches > 0 ? { num_search_queries: searches } : {};
  const totals = { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion, ...found };
  const thought = { completion_tokens_details: { reasoning_tokens: reasoning } };
  switch (form) {
    case "hits":
      return { ...totals, ...thought, prompt_cache_hit_tokens: cached, prompt_cache_miss_tokens: fresh };
    case "beside":
      // The completion leaves reasoning out; the total tells.
      return { ...totals, ...thought, completion_tokens: text, prompt_tokens_details: { cached_tokens: cached } };
    case "top":
      return { ...totals, ...thought, cached_tokens: cached };
    case "anthropic":
      return { ...totals, ...thought, prompt_tokens: fresh, cache_read_input_tokens: cached };
    default:
      return { ...totals, ...thought, prompt_tokens_details: { cached_tokens: cached } };
  }
}

export function responsesUsage({ fresh, cached, text, reasoning }: Parts): object {
  const [input, output] = [fresh + cached, text + reasoning];
  return {
    input_tokens: input,
    output_tokens: output,
    total_tokens: input + output,
    input_tokens_details: { cached_tokens: cached },
    output_tokens_details: { reasoning_tokens: reasoning },
  };
}

/** Anthropic's words. "turns": the totals leave out a turn of compaction, which is billed as well. */
export function messagesUsage({ form }: Planned, parts: Parts): object {
  const { fresh, cached, written, writtenHour, text, searches } = parts;
  const usage = {
    input_tokens: fresh,
    cache_read_input_tokens: cached,
    cache_creation_input_tokens: written + writtenHour,
    cache_creation: { ephemeral_5m_input_tokens: written, ephemeral_1h_input_tokens: writtenHour },
    output_tokens: text,
    ...(searches > 0 ? { server_tool_use: { web_search_requests: searches } } : {}),
  };
  if (form !== "turns") return usage;
  const compaction = { type: "compaction", input_tokens: Math.floor(fresh / 3), output_tokens: Math.floor(text / 4) };
  const last = {
    input_tokens: fresh - compaction.input_tokens,
    output_tokens: text - compaction.output_tokens,
  };
  const { server_tool_use: _searches, ...rest } = { server_tool_use: undefined, ...usage };
  return { ...usage, ...last, iterations: [compaction, { type: "message", ...rest, ...last }] };
}

export function embeddingsUsage({ form }: Planned, parts: Parts): object {
  const input = inputOf(parts);
  return form === "total" ? { total_tokens: input } : { prompt_tokens: input, total_tokens: input };
}
