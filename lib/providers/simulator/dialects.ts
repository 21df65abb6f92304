import type { Asked, Dialect, Ending } from "./answer";

const CREATED = 1_795_000_000;

/** OpenAI's chat completions, with vLLM's running usage when it is asked for. */
export const openaiDialect: Dialect = {
  whole(asked, output) {
    const choice = { message: { role: "assistant", content: output.text.trimEnd() }, finish_reason: output.ending };
    const choices = Array.from({ length: asked.choices }, (_, index) => ({ index, ...choice }));
    const usage = output.usage ? { usage: openaiUsage(asked, output.tokens) } : {};
    return { ...openaiBase(asked, "chat.completion"), choices, ...usage };
  },
  start: (asked) => openaiChunk(asked, { role: "assistant", content: "" }, null, asked.continuousUsage ? 0 : null),
  token: (asked, text, tokens) => openaiChunk(asked, { content: text }, null, asked.continuousUsage ? tokens : null),
  finish(asked, tokens, ending, usage) {
    const last = openaiChunk(asked, {}, ending, asked.continuousUsage && usage ? tokens : null);
    const totals = { ...openaiBase(asked, "chat.completion.chunk"), choices: [], usage: openaiUsage(asked, tokens) };
    return `${last}${asked.wantsUsage && usage ? event(totals) : ""}data: [DONE]\n\n`;
  },
  error: (status, message) => ({
    error: { message, type: status === 429 ? "requests" : "server_error", param: null, code: null },
  }),
};

/** Anthropic's messages: input usage at the start, cumulative output usage with the last delta. */
export const anthropicDialect: Dialect = {
  whole: (asked, output) => ({
    ...anthropicMessage(asked, output.tokens),
    content: [{ type: "text", text: output.text.trimEnd() }],
    stop_reason: stopReason(output.ending),
  }),
  start: (asked) =>
    named("message_start", { message: anthropicMessage(asked, 1) }) +
    named("content_block_start", { index: 0, content_block: { type: "text", text: "" } }),
  token: (_asked, text) => named("content_block_delta", { index: 0, delta: { type: "text_delta", text } }),
  finish: (_asked, tokens, ending) =>
    named("content_block_stop", { index: 0 }) +
    named("message_delta", {
      delta: { stop_reason: stopReason(ending), stop_sequence: null },
      usage: { output_tokens: tokens },
    }) +
    named("message_stop", {}),
  error: (status, message) => ({
    type: "error",
    error: { type: status === 429 ? "rate_limit_error" : "api_error", message },
  }),
};

function openaiBase(asked: Asked, object: string) {
  return { id: `chatcmpl-${asked.requestId}`, object, created: CREATED, model: asked.model };
}

function openaiUsage(asked: Asked, tokens: number) {
  return { prompt_tokens: asked.inputTokens, completion_tokens: tokens, total_tokens: asked.inputTokens + tokens };
}

function openaiChunk(asked: Asked, delta: object, finish: Ending | null, tokens: number | null): string {
  const usage = tokens === null ? {} : { usage: openaiUsage(asked, tokens) };
  return event({
    ...openaiBase(asked, "chat.completion.chunk"),
    choices: [{ index: 0, delta, finish_reason: finish }],
    ...usage,
  });
}

function anthropicMessage(asked: Asked, outputTokens: number) {
  const usage = { input_tokens: asked.inputTokens, output_tokens: outputTokens };
  return {
    id: `msg_${asked.requestId}`,
    type: "message",
    role: "assistant",
    model: asked.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    usage,
  };
}

function stopReason(ending: Ending): string {
  return ending === "length" ? "max_tokens" : "end_turn";
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

function named(type: string, data: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
}
