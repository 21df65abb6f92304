import type { Asked, Dialect, Ending } from "./answer";
import { tokenText } from "./text";

const CREATED = 1_795_000_000;
const CALL_ID = "call_1";

/** OpenAI's chat completions, with vLLM's running usage on request. */
export const openaiDialect: Dialect = {
  whole(asked, output) {
    const message =
      asked.tool === null ? { content: output.text.trimEnd() } : { content: null, tool_calls: [toolCall(asked)] };
    const choice = { message: { role: "assistant", ...message }, finish_reason: finishReason(output.ending) };
    const choices = Array.from({ length: asked.choices }, (_, index) => ({ index, ...choice }));
    const usage = output.usage ? { usage: openaiUsage(asked, output.tokens) } : {};
    return { ...openaiBase(asked, "chat.completion"), choices, ...usage };
  },
  start(asked) {
    const calls = asked.tool === null ? {} : { tool_calls: [{ index: 0, ...toolCall(asked, "") }] };
    return openaiChunk(asked, { role: "assistant", content: "", ...calls }, null, asked.continuousUsage ? 0 : null);
  },
  token(asked, text, tokens) {
    const delta =
      asked.tool === null ? { content: text } : { tool_calls: [{ index: 0, function: { arguments: text } }] };
    return openaiChunk(asked, delta, null, asked.continuousUsage ? tokens : null);
  },
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
    ...anthropicMessage(asked, output.usage ? output.tokens : null),
    content: [
      asked.tool === null
        ? { type: "text", text: output.text.trimEnd() }
        : { type: "tool_use", id: CALL_ID, name: asked.tool.name, input: JSON.parse(asked.tool.arguments) },
    ],
    stop_reason: stopReason(output.ending),
  }),
  start: (asked) =>
    named("message_start", { message: anthropicMessage(asked, 1) }) +
    named("content_block_start", {
      index: 0,
      content_block:
        asked.tool === null
          ? { type: "text", text: "" }
          : { type: "tool_use", id: CALL_ID, name: asked.tool.name, input: {} },
    }) +
    named("ping", {}),
  token: (asked, text) =>
    named("content_block_delta", {
      index: 0,
      delta: asked.tool === null ? { type: "text_delta", text } : { type: "input_json_delta", partial_json: text },
    }),
  finish: (_asked, tokens, ending, usage) =>
    named("content_block_stop", { index: 0 }) +
    // Cumulative, and sent more than once: a reader that sums the deltas charges twice.
    (usage ? named("message_delta", { delta: {}, usage: { output_tokens: Math.max(1, tokens - 1) } }) : "") +
    named("message_delta", {
      delta: { stop_reason: stopReason(ending), stop_sequence: null },
      ...(usage ? { usage: { output_tokens: tokens } } : {}),
    }) +
    named("message_stop", {}),
  error: (status, message) => ({
    type: "error",
    error: { type: status === 429 ? "rate_limit_error" : "api_error", message },
  }),
};

/** OpenAI's responses: every event has a name and a number; usage comes with the last. */
export const responsesDialect: Dialect = {
  whole(asked, output) {
    const status = output.ending === "length" ? "incomplete" : "completed";
    return response(asked, status, [item(asked, output.text.trimEnd(), status)], output.usage ? output.tokens : null);
  },
  start(asked) {
    const opening = item(asked, "");
    return (
      named("response.created", { sequence_number: 0, response: response(asked, "in_progress", [], null) }) +
      named("response.output_item.added", {
        sequence_number: 1,
        output_index: 0,
        item: { ...opening, ...EMPTY[opening.type] },
      }) +
      (asked.tool === null
        ? named("response.content_part.added", {
            ...place(asked),
            sequence_number: 2,
            content_index: 0,
            part: textPart(""),
          })
        : "")
    );
  },
  token(asked, text, tokens) {
    const type = asked.tool === null ? "response.output_text.delta" : "response.function_call_arguments.delta";
    const where = asked.tool === null ? { content_index: 0, logprobs: [] } : {};
    return named(type, { ...place(asked), ...where, sequence_number: 2 + tokens, delta: text });
  },
  finish(asked, tokens, ending, usage) {
    const text = Array.from({ length: tokens }, (_, index) => tokenText(index)).join("");
    const status = ending === "length" ? "incomplete" : "completed";
    const done = item(asked, text, status);
    const last = response(asked, status, [done], usage ? tokens : null);
    return (
      (asked.tool === null
        ? named("response.output_text.done", {
            ...place(asked),
            sequence_number: tokens + 3,
            content_index: 0,
            text,
            logprobs: [],
          }) +
          named("response.content_part.done", {
            ...place(asked),
            sequence_number: tokens + 4,
            content_index: 0,
            part: textPart(text),
          })
        : named("response.function_call_arguments.done", {
            ...place(asked),
            sequence_number: tokens + 3,
            name: asked.tool.name,
            arguments: asked.tool.arguments,
          })) +
      named("response.output_item.done", { sequence_number: tokens + 5, output_index: 0, item: done }) +
      named(`response.${status}`, { sequence_number: tokens + 6, response: last })
    );
  },
  error: openaiDialect.error,
};

const EMPTY: Readonly<Record<string, object>> = {
  message: { content: [], status: "in_progress" },
  function_call: { arguments: "", status: "in_progress" },
};

function place(asked: Asked) {
  return { item_id: `item_${asked.requestId}`, output_index: 0 };
}

function textPart(text: string) {
  return { type: "output_text", text, annotations: [], logprobs: [] };
}

function item(asked: Asked, text: string, status = "completed") {
  const base = { id: `item_${asked.requestId}`, status };
  return asked.tool === null
    ? { ...base, type: "message", role: "assistant", content: [textPart(text)] }
    : { ...base, type: "function_call", call_id: CALL_ID, name: asked.tool.name, arguments: asked.tool.arguments };
}

function response(asked: Asked, status: string, output: object[], tokens: number | null) {
  const usage =
    tokens === null
      ? null
      : {
          input_tokens: asked.inputTokens,
          input_tokens_details: { cached_tokens: 0 },
          output_tokens: tokens,
          output_tokens_details: { reasoning_tokens: 0 },
          total_tokens: asked.inputTokens + tokens,
        };
  return {
    id: `resp_${asked.requestId}`,
    object: "response",
    created_at: CREATED,
    status,
    model: asked.model,
    output,
    usage,
    ...asked.repeated,
    completed_at: status === "completed" ? CREATED : null,
    error: null,
    incomplete_details: status === "incomplete" ? { reason: "max_output_tokens" } : null,
  };
}

function toolCall(asked: Asked, text = asked.tool?.arguments ?? "") {
  return { id: CALL_ID, type: "function", function: { name: asked.tool?.name ?? "", arguments: text } };
}

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
    choices: [{ index: 0, delta, finish_reason: finish === null ? null : finishReason(finish) }],
    ...usage,
  });
}

function anthropicMessage(asked: Asked, outputTokens: number | null) {
  const usage =
    outputTokens === null ? {} : { usage: { input_tokens: asked.inputTokens, output_tokens: outputTokens } };
  return {
    id: `msg_${asked.requestId}`,
    type: "message",
    role: "assistant",
    model: asked.model,
    content: [],
    stop_reason: null,
    stop_sequence: null,
    ...usage,
  };
}

function finishReason(ending: Ending): string {
  return ending === "tool" ? "tool_calls" : ending;
}

function stopReason(ending: Ending): string {
  return ending === "tool" ? "tool_use" : ending === "length" ? "max_tokens" : "end_turn";
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`;
}

function named(type: string, data: object): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
}
