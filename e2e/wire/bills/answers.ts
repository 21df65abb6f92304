import type { Planned } from "./planned";
import { chatUsage, embeddingsUsage, messagesUsage, responsesUsage } from "./usage-words";

/** One call's answer: whole, or as the events of a stream. `head` is sent before the words, `tail` behind them. */
export type Answer = {
  readonly whole: object;
  readonly head: readonly string[];
  word(text: string, at: number): string;
  readonly tail: readonly string[];
};

export function answerTo(call: Planned): Answer {
  if (call.wire === "messages") return messages(call);
  if (call.wire === "responses") return responses(call);
  return call.wire === "embeddings" ? embeddings(call) : chat(call);
}

const data = (value: object) => `data: ${JSON.stringify(value)}\n\n`;
const named = (type: string, value: object) => `event: ${type}\ndata: ${JSON.stringify({ type, ...value })}\n\n`;
const argumentsOf = ({ words }: Planned) => words.join("");

function chat(call: Planned): Answer {
  const { parts, isTool, place, words, ending } = call;
  const tier = parts.isFlex ? { service_tier: "flex" } : {};
  const base = { id: "c1", created: 1, model: "m", ...tier };
  const usage = ending === "uncounted" ? null : chatUsage(call, parts);
  const chunk = (delta: object, finish: string | null, more: object = {}) =>
    data({ ...base, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason: finish }], ...more });
  const running = (text: number) =>
    place === "every" && usage !== null
      ? { usage: chatUsage(call, { ...parts, text, reasoning: 0, searches: 0 }) }
      : {};
  const piece = (text: string) =>
    isTool ? { tool_calls: [{ index: 0, function: { arguments: text } }] } : { content: text };
  const tool = { id: "t1", type: "function", function: { name: "f", arguments: isTool ? argumentsOf(call) : "" } };
  const finish = isTool ? "tool_calls" : "stop";
  const atFinish =
    place === "groq" && usage ? { x_groq: { usage } } : usage && ["choice", "twice"].includes(place) ? { usage } : {};
  const own = data({ ...base, object: "chat.completion.chunk", choices: [], usage });
  const opening = { ...tool, index: 0, function: { name: "f", arguments: "" } };
  const message = isTool ? { content: null, tool_calls: [tool] } : { content: words.join("") };
  return {
    whole: {
      ...base,
      object: "chat.completion",
      ...(usage ? { usage } : {}),
      choices: [{ index: 0, message: { role: "assistant", ...message }, finish_reason: finish }],
    },
    head: [chunk({ role: "assistant", ...(isTool ? { tool_calls: [opening] } : {}) }, null, running(0))],
    word: (text, at) => chunk(piece(text), null, running(at + 1)),
    tail: [
      chunk({}, finish, atFinish),
      ...(usage && ["own", "every", "twice"].includes(place) ? [own] : []),
      "data: [DONE]\n\n",
    ],
  };
}

function messages(call: Planned): Answer {
  const { parts, isTool, place, words, ending } = call;
  const all = messagesUsage(call, parts);
  // From the start on the input is known, and that something comes out.
  const { fresh, cached, written, writtenHour } = parts;
  const before = messagesUsage(
    { ...call, form: "plain" },
    { fresh, cached, written, writtenHour, text: 1, reasoning: 0, searches: 0, isFlex: false },
  );
  const start = ending === "uncounted" ? {} : { usage: call.form === "turns" ? { output_tokens: 1 } : before };
  const told = place === "start" && call.form === "plain" ? { output_tokens: parts.text, ...searchesIn(all) } : all;
  const message = { id: "m1", type: "message", role: "assistant", model: "m", content: [], stop_reason: null };
  const block = isTool ? { type: "tool_use", id: "t1", name: "f", input: {} } : { type: "text", text: "" };
  const reason = isTool ? "tool_use" : "end_turn";
  const full = isTool ? { ...block, input: JSON.parse(argumentsOf(call)) } : { ...block, text: words.join("") };
  return {
    whole: { ...message, content: [full], stop_reason: reason, ...(ending === "uncounted" ? {} : { usage: all }) },
    head: [
      named("message_start", { message: { ...message, ...start } }),
      named("content_block_start", { index: 0, content_block: block }),
    ],
    word: (text) => {
      const delta = isTool ? { type: "input_json_delta", partial_json: text } : { type: "text_delta", text };
      return named("content_block_delta", { index: 0, delta });
    },
    tail: [
      named("content_block_stop", { index: 0 }),
      named("message_delta", { delta: { stop_reason: reason }, ...(ending === "uncounted" ? {} : { usage: told }) }),
      named("message_stop", {}),
    ],
  };
}

function searchesIn(usage: object): object {
  return "server_tool_use" in usage ? { server_tool_use: usage.server_tool_use } : {};
}

function responses(call: Planned): Answer {
  const { parts, isTool, words, ending } = call;
  const item = isTool
    ? { type: "function_call", id: "i1", call_id: "t1", name: "f", arguments: argumentsOf(call), status: "completed" }
    : {
        type: "message",
        id: "i1",
        role: "assistant",
        status: "completed",
        content: [{ type: "output_text", text: words.join("") }],
      };
  const search = (at: number) => ({
    type: "web_search_call",
    id: `s${at}`,
    status: "completed",
    action: { type: "search", query: "x" },
  });
  const output = [...Array.from({ length: parts.searches }, (_, at) => search(at)), item];
  const base = {
    id: "r1",
    object: "response",
    created_at: 1,
    model: "m",
    service_tier: parts.isFlex ? "flex" : "default",
  };
  const whole = { ...base, status: "completed", output, usage: ending === "uncounted" ? null : responsesUsage(parts) };
  const kind = isTool ? "response.function_call_arguments.delta" : "response.output_text.delta";
  const place = { item_id: "i1", output_index: 0 };
  return {
    whole,
    head: [
      named("response.created", {
        sequence_number: 0,
        response: { ...base, status: "in_progress", output: [], usage: null },
      }),
      named("response.output_item.added", { sequence_number: 1, output_index: 0, item }),
    ],
    word: (text, at) => named(kind, { ...place, sequence_number: 2 + at, delta: text }),
    tail: [named("response.completed", { sequence_number: 2 + words.length, response: whole })],
  };
}

function embeddings(call: Planned): Answer {
  const whole = {
    object: "list",
    model: "m",
    data: [{ object: "embedding", index: 0, embedding: [0.5] }],
    usage: embeddingsUsage(call, call.parts),
  };
  return { whole, head: [], word: () => "", tail: [] };
}
