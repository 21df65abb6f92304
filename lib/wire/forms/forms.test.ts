import { describe, expect, test } from "vitest";
import { chatAsEvents, chatFromEvents } from "./chat";
import { looksLikeEvents, looksLikeJson, objectsIn } from "./events-in";
import { messageAsEvents, messageFromEvents } from "./messages";
import { responseAsEvents, responseFromEvents } from "./responses";
import { ToolPieces } from "./tool-pieces";

const USAGE = { prompt_tokens: 20, completion_tokens: 3, total_tokens: 23 };
const tool = (id: string, name: string, args: string) => ({
  id,
  type: "function",
  function: { name, arguments: args },
});

describe("a whole answer as a stream is the same answer", () => {
  test.each<[string, object]>([
    ["words", { role: "assistant", content: "hi there" }],
    ["tools", { role: "assistant", content: null, tool_calls: [tool("c0", "a", '{"x":1}'), tool("c1", "b", "{}")] }],
    ["reasoning and a refusal", { role: "assistant", content: "", reasoning_content: "hm", refusal: "no" }],
    ["parts", { role: "assistant", content: [{ type: "text", text: "hi" }] }],
  ])("chat: %s", (_name, message) => {
    const finish = "tool_calls" in message ? "tool_calls" : "stop";
    const choices = [0, 1].map((index) => ({ index, message, logprobs: null, finish_reason: finish }));
    const whole = { id: "x", object: "chat.completion", created: 1, model: "m", choices, usage: USAGE };
    expect(chatFromEvents(chatAsEvents(whole))).toEqual(whole);
  });

  test("messages", () => {
    const content = [
      { type: "thinking", thinking: "hm", signature: "s" },
      { type: "text", text: "hi there" },
      { type: "tool_use", id: "t", name: "read", input: { a: 1 } },
    ];
    const ends = { stop_reason: "tool_use", stop_sequence: null, usage: { input_tokens: 5, output_tokens: 9 } };
    const whole = { id: "m", type: "message", role: "assistant", model: "m", content, ...ends };
    expect(messageFromEvents(messageAsEvents(whole))).toEqual(whole);
  });

  test("responses, with events numbered in order", () => {
    const output = [
      { id: "i", type: "message", role: "assistant", content: [{ type: "output_text", text: "hi", annotations: [] }] },
      { id: "f", type: "function_call", call_id: "c", name: "read", arguments: "{}" },
    ];
    const whole = { id: "r", object: "response", status: "completed", output, usage: { input_tokens: 1 } };
    const text = responseAsEvents(whole);
    expect(responseFromEvents(text)).toEqual(whole);
    const events = objectsIn(text);
    expect(events.map((one) => one.sequence_number)).toEqual(events.map((_, at) => at));
    expect(events.map((one) => one.type)).toEqual([
      ...["response.created", "response.in_progress", "response.output_item.added", "response.content_part.added"],
      ...["response.output_text.delta", "response.output_text.done", "response.content_part.done"],
      ...["response.output_item.done", "response.output_item.added", "response.function_call_arguments.delta"],
      ...["response.function_call_arguments.done", "response.output_item.done", "response.completed"],
    ]);
  });

  test("a body that is no answer stays as it is", () => {
    expect([chatFromEvents(": x\n\n"), messageFromEvents("data: {}\n\n"), responseFromEvents("data: {}\n\n")]).toEqual([
      ...[null, null, null],
    ]);
  });
});

test("a body's kind shows at its beginning", () => {
  const events = ["data: {}", "\uFEFFdata:{}", "event: x", ": comment", ":\n", "id: 1", "retry: 5", "\n\ndata: x"];
  expect(events.filter((text) => !looksLikeEvents(text))).toEqual([]);
  expect(["{}", "<html>", "", "dataset", " [1]"].filter(looksLikeEvents)).toEqual([]);
  expect(["{", " \n[", "\uFEFF{", "<", "  "].map(looksLikeJson)).toEqual([true, true, true, false, null]);
});

describe("pieces of tool calls find their calls", () => {
  const piece = (args: string, more: { index?: number; id?: string; name?: string } = {}) => {
    const { name, ...rest } = more;
    return { ...rest, function: { ...(name === undefined ? {} : { name }), arguments: args } };
  };
  const whole = [
    ["c0", "read", '{"a":1}'],
    ["c1", "write", '{"b":2}'],
  ];
  test.each<[string, object[]]>([
    [
      "interleaved, by index",
      [
        ...[piece("", { index: 0, id: "c0", name: "read" }), piece("", { index: 1, id: "c1", name: "write" })],
        ...[piece('{"a":', { index: 0 }), piece('{"b":', { index: 1 }), piece("1}", { index: 0 })],
        piece("2}", { index: 1 }),
      ],
    ],
    [
      "index 0 for all",
      [piece('{"a":1}', { index: 0, id: "c0", name: "read" }), piece('{"b":2}', { index: 0, id: "c1", name: "write" })],
    ],
    ["no index", [piece('{"a":1}', { id: "c0", name: "read" }), piece('{"b":2}', { id: "c1", name: "write" })]],
    [
      "no index, in pieces",
      [
        ...[piece("", { id: "c0", name: "read" }), piece('{"a":'), piece("1}"), piece("", { id: "c1", name: "write" })],
        piece('{"b":2}'),
      ],
    ],
    [
      "a gap",
      [piece('{"a":1}', { index: 0, id: "c0", name: "read" }), piece('{"b":2}', { index: 2, id: "c1", name: "write" })],
    ],
    [
      "the id in every piece",
      [
        ...[piece("", { index: 0, id: "c0", name: "read" }), piece('{"a":', { index: 0, id: "c0", name: "" })],
        ...[piece("1}", { index: 0, id: "c0" }), piece('{"b":2}', { index: 1, id: "c1", name: "write" })],
      ],
    ],
    [
      "the id after the name",
      [
        ...[piece("", { index: 0, name: "read" }), piece('{"a":1}', { index: 0, id: "c0" })],
        piece('{"b":2}', { index: 1, id: "c1", name: "write" }),
      ],
    ],
    [
      "arguments as an object",
      [
        { index: 0, id: "c0", function: { name: "read", arguments: { a: 1 } } },
        piece('{"b":2}', { index: 1, id: "c1", name: "write" }),
      ],
    ],
  ])("%s", (_name, pieces) => {
    const tools = new ToolPieces();
    for (const one of pieces) tools.take(one);
    expect(tools.calls.map(({ id, name, args }) => [id, name, args])).toEqual(whole);
  });

  test("without ids, a name again after whole arguments is another call", () => {
    const tools = new ToolPieces();
    for (const name of ["read", "read"]) tools.take(piece('{"a":1}', { index: 0, id: "", name }));
    expect(tools.calls).toHaveLength(2);
  });
});
