import { describe, expect, test } from "vitest";
import { objectsIn } from "../../forms/events-in";
import { member } from "../../json/object";
import { ToolNames } from "../identity";
import { streamToChat } from "./stream-to-chat";
import { streamToMessages } from "./stream-to-messages";

const chunk = (delta: object, finish: string | null = null, more: object = {}) => ({
  id: "c1",
  object: "chat.completion.chunk",
  created: 1,
  model: "up",
  choices: [{ index: 0, delta, finish_reason: finish }],
  ...more,
});
const tool = (index: number | undefined, more: object) =>
  chunk({ tool_calls: [{ ...(index === undefined ? {} : { index }), ...more }] });
const open = (index: number | undefined, id: string, name: string, args = "") =>
  tool(index, { id, type: "function", function: { name, arguments: args } });
const part = (index: number, args: string) => tool(index, { function: { arguments: args } });

/** Chunks as blocks, and whether the events were legal: one block open at a time, and pieces only for that block. */
function inMessages(chunks: readonly unknown[], names = new ToolNames(), showsThinking = false) {
  const known = () => ({ inputTokens: 17, outputTokens: 5 });
  const translate = streamToMessages({ model: "asked", names, known, showsThinking });
  const text = [...chunks.map((one) => JSON.stringify(one)), "[DONE]"].map(translate).join("");
  const events = objectsIn(text);
  const blocks: { type: unknown; id: unknown; name: unknown; said: string }[] = [];
  let openIndex: unknown = null;
  let isLegal = events[0]?.type === "message_start" && events.at(-1)?.type === "message_stop";
  for (const event of events) {
    if (event.type === "content_block_start") {
      isLegal &&= openIndex === null && event.index === blocks.length;
      openIndex = event.index;
      const { content_block: block } = event;
      blocks.push({ type: member(block, "type"), id: member(block, "id"), name: member(block, "name"), said: "" });
    } else if (event.type === "content_block_delta") {
      isLegal &&= openIndex === event.index;
      const { delta } = event;
      const piece = member(delta, "text") ?? member(delta, "partial_json") ?? member(delta, "thinking");
      const last = blocks.at(-1);
      if (last !== undefined) last.said += String(piece);
    } else if (event.type === "content_block_stop") {
      isLegal &&= openIndex === event.index;
      openIndex = null;
    }
  }
  const last = events.find((event) => event.type === "message_delta");
  return { events, blocks, isLegal, stop: member(last?.delta, "stop_reason"), usage: last?.usage };
}

const CALLS = [
  ["call_0", "read", '{"a":1}'],
  ["call_1", "write", '{"b":2}'],
];

describe("tool calls arrive whole, one block behind the other", () => {
  test.each<[string, unknown[]]>([
    [
      "interleaved",
      [
        open(0, "call_0", "read"),
        open(1, "call_1", "write"),
        part(0, '{"a":'),
        part(1, '{"b":'),
        part(0, "1}"),
        part(1, "2}"),
      ],
    ],
    [
      "with words in between",
      [
        open(0, "call_0", "read"),
        part(0, '{"a":'),
        chunk({ content: "wait" }),
        part(0, "1}"),
        open(1, "call_1", "write", '{"b":2}'),
      ],
    ],
    ["index 0 for both", [open(0, "call_0", "read", '{"a":1}'), open(0, "call_1", "write", '{"b":2}')]],
    ["without an index", [open(undefined, "call_0", "read", '{"a":1}'), open(undefined, "call_1", "write", '{"b":2}')]],
    ["with a gap", [open(0, "call_0", "read", '{"a":1}'), open(2, "call_1", "write"), part(2, '{"b":2}')]],
    ["backwards", [open(0, "call_0", "read"), open(1, "call_1", "write", '{"b":2}'), part(0, '{"a":1}')]],
    [
      "three at once, the last one whole first",
      [open(0, "call_0", "read"), open(1, "call_1", "write"), part(1, '{"b":2}'), part(0, '{"a"'), part(0, ":1}")],
    ],
  ])("%s", (_name, chunks) => {
    const { blocks, isLegal, stop } = inMessages([...chunks, chunk({}, "tool_calls")]);
    const tools = blocks.filter(({ type }) => type === "tool_use").map(({ id, name, said }) => [id, name, said]);
    expect([tools, isLegal, stop]).toEqual([CALLS, true, "tool_use"]);
  });

  test("an old function_call is one too, and one without an id gets one", () => {
    const { blocks, stop } = inMessages([
      chunk({ function_call: { name: "read", arguments: '{"a":' } }),
      chunk({ function_call: { arguments: "1}" } }),
      chunk({}, "function_call"),
    ]);
    expect(blocks).toEqual([{ type: "tool_use", id: "toolu_0", name: "read", said: '{"a":1}' }]);
    expect(stop).toBe("tool_use");
  });

  test("a name that was shortened is whole again", () => {
    const names = new ToolNames();
    const long = `mcp__${"x".repeat(80)}`;
    expect(inMessages([open(0, "c", names.there(long), "{}")], names).blocks[0]?.name).toBe(long);
  });
});

describe("an answer's text arrives", () => {
  test("content parts are words; thoughts are shown to who asked for them", () => {
    const chunks = [
      chunk({ content: [{ type: "thinking", thinking: [{ type: "text", text: "hm" }] }] }),
      chunk({ reasoning_content: " so" }),
      chunk({ content: [{ type: "text", text: "yes" }] }),
      chunk({ content: " sir" }, "stop"),
    ];
    expect(inMessages(chunks).blocks.map(({ type, said }) => [type, said])).toEqual([["text", "yes sir"]]);
    expect(inMessages(chunks, new ToolNames(), true).blocks.map(({ type, said }) => [type, said])).toEqual([
      ["thinking", "hm so"],
      ["text", "yes sir"],
    ]);
  });

  test("a first chunk without a name or a choice does not name the answer", () => {
    const azure = { id: "", model: "", choices: [], prompt_filter_results: [] };
    const { events } = inMessages([azure, chunk({ content: "a" }, "stop")]);
    expect(events[0]).toMatchObject({ type: "message_start", message: { id: "msg_c1", model: "asked" } });
  });

  test("the start event carries the estimate, the end what was reported or is known", () => {
    const usage = { prompt_tokens: 20, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 8 } };
    const told = inMessages([chunk({ content: "a" }, "stop"), { ...chunk({}), choices: [], usage }]);
    expect(told.events[0]).toMatchObject({ message: { usage: { input_tokens: 17, output_tokens: 0 } } });
    expect(told.usage).toMatchObject({ input_tokens: 12, cache_read_input_tokens: 8, output_tokens: 3 });
    expect(inMessages([chunk({ content: "a" }, "stop", { usage })]).usage).toMatchObject({ output_tokens: 3 });
    expect(inMessages([chunk({ content: "a" }, "stop")]).usage).toMatchObject({ input_tokens: 17, output_tokens: 5 });
  });

  test.each<[string, object[], string]>([
    ["stop", [{ content: "a" }], "end_turn"],
    ["length", [{ content: "a" }], "max_tokens"],
    ["content_filter", [{ content: "a" }], "refusal"],
    ["stop", [{ refusal: "no" }], "refusal"],
    ["stop", [{ tool_calls: [{ index: 0, id: "c", function: { name: "f", arguments: "{}" } }] }], "tool_use"],
    ["length", [{ tool_calls: [{ index: 0, id: "c", function: { name: "f", arguments: "{" } }] }], "max_tokens"],
    ["tool_calls", [{ content: "a" }], "end_turn"],
  ])("finish %s after %j is %s", (finish, deltas, stop) => {
    const { stop: translated } = inMessages([...deltas.map((delta) => chunk(delta)), chunk({}, finish)]);
    expect(translated).toBe(stop);
  });
});

/** Anthropic's events as a chat stream: its text, its calls and its end. */
function inChat(events: readonly { type: string; [name: string]: unknown }[]) {
  const translate = streamToChat({ model: "asked", created: 1, wantsUsage: true });
  const text = events.map((event) => translate(JSON.stringify(event))).join("");
  const chunks = objectsIn(text);
  const deltas = chunks
    .flatMap((one) => (Array.isArray(one.choices) ? one.choices : []))
    .map((one) => member(one, "delta"));
  const calls: string[][] = [];
  for (const piece of deltas.flatMap((delta) => {
    const all = member(delta, "tool_calls");
    return Array.isArray(all) ? all : [];
  })) {
    const index = Number(member(piece, "index"));
    calls[index] ??= ["", "", ""];
    const called = member(piece, "function");
    const [id = "", name = "", args = ""] = calls[index];
    calls[index] = [
      id + String(member(piece, "id") ?? ""),
      name + String(member(called, "name") ?? ""),
      args + String(member(called, "arguments") ?? ""),
    ];
  }
  const finishes = chunks
    .flatMap((one) => (Array.isArray(one.choices) ? one.choices : []))
    .map((one) => member(one, "finish_reason"));
  return {
    said: deltas.map((delta) => member(delta, "content") ?? "").join(""),
    roles: deltas.filter((delta) => member(delta, "role") !== undefined).length,
    calls,
    finish: finishes.filter((one) => one !== null),
    ids: new Set(chunks.map((one) => one.id)),
    usage: chunks.at(-1)?.usage,
    text,
  };
}

const start = (id = "m1", more: object = {}) => ({
  type: "message_start",
  message: { id, content: [], stop_reason: null, usage: { input_tokens: 20, output_tokens: 1 }, ...more },
});
const begin = (index: number, block: object) => ({ type: "content_block_start", index, content_block: block });
const text = (index: number, said: string) => ({
  type: "content_block_delta",
  index,
  delta: { type: "text_delta", text: said },
});
const json = (index: number, said: string) => ({
  type: "content_block_delta",
  index,
  delta: { type: "input_json_delta", partial_json: said },
});
const stop = (index: number) => ({ type: "content_block_stop", index });
const end = (reason: string) => [
  { type: "message_delta", delta: { stop_reason: reason }, usage: { output_tokens: 9 } },
  { type: "message_stop" },
];
const USE = { type: "tool_use", id: "t1", name: "read", input: {} };

describe("Anthropic's events as a chat stream", () => {
  test("pieces of the provider's own tools are glued to no call", () => {
    const search = { type: "server_tool_use", id: "s1", name: "web_search", input: {} };
    const { calls, finish, said } = inChat([
      ...[start(), begin(0, USE), json(0, '{"a":1}'), stop(0), begin(1, search), json(1, '{"query":"x"}'), stop(1)],
      ...[json(-1, '{"lost":1}'), begin(2, { type: "text", text: "" }), text(2, "found"), stop(2), ...end("tool_use")],
    ]);
    expect([calls, finish, said]).toEqual([[["t1", "read", '{"a":1}']], ["tool_calls"], "found"]);
  });

  test("a start event that holds a whole message is passed on whole", () => {
    const content = [
      { type: "text", text: "all" },
      { ...USE, input: { a: 1 } },
    ];
    const { said, calls, finish } = inChat([
      start("m1", { content, stop_reason: "tool_use" }),
      { type: "message_stop" },
    ]);
    expect([said, calls, finish]).toEqual(["all", [["t1", "read", '{"a":1}']], ["tool_calls"]]);
  });

  test("two messages in one stream are one answer", () => {
    const { said, calls, roles, ids, usage } = inChat([
      ...[start("m1"), begin(0, { type: "text", text: "" }), text(0, "one "), stop(0)],
      ...[
        start("m2"),
        begin(0, { type: "text", text: "" }),
        text(0, "two"),
        stop(0),
        begin(1, USE),
        json(1, "{}"),
        stop(1),
      ],
      ...end("tool_use"),
    ]);
    expect([said, roles, [...ids], calls]).toEqual(["one two", 1, ["chatcmpl-m1"], [["t1", "read", "{}"]]]);
    expect(usage).toMatchObject({ prompt_tokens: 20, completion_tokens: 9 });
  });

  test("a call without arguments has empty ones, and one that began whole is not said twice", () => {
    expect(inChat([start(), begin(0, USE), stop(0), ...end("tool_use")]).calls).toEqual([["t1", "read", "{}"]]);
    const whole = { ...USE, input: { a: 1 } };
    const { calls } = inChat([start(), begin(0, whole), json(0, '{"a":1}'), stop(0), ...end("tool_use")]);
    expect(calls).toEqual([["t1", "read", '{"a":1}']]);
  });

  test.each([
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "length"],
    ["refusal", "content_filter"],
    ["pause_turn", "stop"],
  ])("%s is %s", (reason, finish) => {
    expect(inChat([start(), begin(0, { type: "text", text: "a" }), stop(0), ...end(reason)]).finish).toEqual([finish]);
  });

  test("thoughts are reasoning, pings say nothing", () => {
    const thinking = { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "hm" } };
    const { text: out } = inChat([
      start(),
      { type: "ping" },
      begin(0, { type: "thinking", thinking: "" }),
      thinking,
      ...end("end_turn"),
    ]);
    expect(out).toContain('"reasoning_content":"hm"');
    expect(out).not.toContain("ping");
  });
});
