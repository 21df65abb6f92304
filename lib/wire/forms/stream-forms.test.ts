import { describe, expect, test } from "vitest";
import { meterMessagesStream } from "../anthropic/meter-stream";
import { meterChatStream } from "../openai/meter-stream";
import { meterResponsesStream } from "../responses/meter";
import type { StreamMeter } from "../stream-meter";
import { objectsIn } from "./events-in";

const encoder = new TextEncoder();
const data = (value: unknown) => `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`;
const event = (value: { type: string }) => `event: ${value.type}\ndata: ${JSON.stringify(value)}\n\n`;
const chunk = (delta: object, finish: string | null = null) => ({
  id: "c1",
  object: "chat.completion.chunk",
  created: 1,
  model: "up",
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const chat = (choices = 1) => meterChatStream({ wantsUsage: true, model: "up", outputBytesMax: 1_000_000, choices });
const messages = () => meterMessagesStream({ model: "up", outputBytesMax: 1_000_000 });
const responses = () => meterResponsesStream({ model: "up", outputBytesMax: 1_000_000 });

/** Feeds bytes in pieces of one size, then closes. */
function play(meter: StreamMeter, bytes: Uint8Array, size: number) {
  const decoder = new TextDecoder();
  let out = "";
  for (let at = 0; at < bytes.length && !meter.isOver(); at += size) {
    out += decoder.decode(meter.feed(bytes.slice(at, at + size)), { stream: true });
  }
  if (!meter.isOver()) out += decoder.decode(meter.close());
  return { out, end: meter.end(), reported: meter.reading().reported };
}

const USAGE = { prompt_tokens: 20, completion_tokens: 3, total_tokens: 23 };
const CHUNKS = [
  chunk({ role: "assistant", content: "" }),
  chunk({ content: "Grüße 🌊" }),
  chunk({ content: " end" }),
  chunk({}, "stop"),
  { ...chunk({}), choices: [], usage: USAGE },
];
const CHAT = CHUNKS.map(data).join("") + data("[DONE]");
const message = { id: "m1", type: "message", role: "assistant", model: "up", content: [], stop_reason: null };
const MESSAGES = [
  { type: "message_start", message: { ...message, usage: { input_tokens: 20, output_tokens: 1 } } },
  { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  { type: "ping" },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "Grüße 🌊" } },
  { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: " end" } },
  { type: "content_block_stop", index: 0 },
  { type: "message_delta", delta: { stop_reason: "end_turn", stop_sequence: null }, usage: { output_tokens: 3 } },
  { type: "message_stop" },
]
  .map(event)
  .join("");
const response = { id: "r1", object: "response", model: "up", output: [], status: "in_progress" };
const RESPONSES = [
  { type: "response.created", sequence_number: 0, response },
  { type: "response.output_text.delta", sequence_number: 1, item_id: "i", delta: "Grüße 🌊" },
  { type: "response.output_text.delta", sequence_number: 2, item_id: "i", delta: " end" },
  {
    type: "response.completed",
    sequence_number: 3,
    response: { ...response, status: "completed", usage: { input_tokens: 20, output_tokens: 3, total_tokens: 23 } },
  },
]
  .map(event)
  .join("");

/** The text of an answer, in any dialect. */
function textOf(out: string): string {
  return objectsIn(out)
    .map((one) => /"(?:content|text|delta)":"((?:[^"\\]|\\.)*)"/.exec(JSON.stringify(one))?.[1] ?? "")
    .join("");
}

/** Legal or common forms of the same stream. */
const FORMS: Readonly<Record<string, (stream: string) => string>> = {
  "as it is": (stream) => stream,
  "no space behind the colon": (stream) => stream.replaceAll(/^(data|event): /gm, "$1:"),
  CRLF: (stream) => stream.replaceAll("\n", "\r\n"),
  CR: (stream) => stream.replaceAll("\n", "\r"),
  "a byte order mark": (stream) => `\uFEFF${stream}`,
  comments: (stream) => `: PROCESSING\n\n${stream.replaceAll("\n\n", "\n\n: ping\n\n")}`,
  "comments inside of events": (stream) => stream.replaceAll(/^data: /gm, ": still here\ndata: "),
  "ids and retries": (stream) => stream.replaceAll(/^data: /gm, "id: 7\nretry: 100\ndata: "),
  "data in two lines": (stream) => stream.replaceAll(/^data: (\{"(?:id|type)":)/gm, "data: $1\ndata: "),
  "empty data": (stream) => stream.replaceAll("\n\n", "\n\ndata:\n\ndata: \n\n"),
  "no last blank line": (stream) => stream.trimEnd(),
  "one newline at the end": (stream) => `${stream.trimEnd()}\n`,
  "blanks behind the last data": (stream) => `${stream.trimEnd()} \n\n`,
  "garbage behind the end": (stream) => `${stream}data: {oops\n\n<html>`,
};

describe.each<[string, string, () => StreamMeter]>([
  ["chat", CHAT, chat],
  ["messages", MESSAGES, messages],
  ["responses", RESPONSES, responses],
])("%s: every legal form comes to the same answer, wherever the bytes are cut", (_name, stream, meter) => {
  test.each(Object.entries(FORMS))("%s", (_form, change) => {
    const bytes = encoder.encode(change(stream));
    for (const size of [bytes.length, 1, 2, 3, 7, 64]) {
      const { out, end, reported } = play(meter(), bytes, size);
      expect([textOf(out), end, reported?.inputTokens, reported?.outputTokens]).toEqual([
        "Grüße 🌊 end",
        "done",
        20,
        3,
      ]);
    }
  });
});

describe("an end that nobody wrote", () => {
  test.each<[string, string, () => StreamMeter, string]>([
    ["chat without [DONE]", CHAT.replace(data("[DONE]"), ""), chat, "data: [DONE]"],
    ["and without the last blank line", CHAT.replace(data("[DONE]"), "").trimEnd(), chat, "data: [DONE]"],
    ["messages without message_stop", MESSAGES.split("event: message_stop")[0] ?? "", messages, "message_stop"],
    [
      "messages that end as chat does",
      MESSAGES.replace(/event: message_stop\n.*/, "data: [DONE]"),
      messages,
      "message_stop",
    ],
  ])("%s is complete", (_name, stream, meter, last) => {
    const { out, end, reported } = play(meter(), encoder.encode(stream), 5);
    expect([end, reported?.outputTokens]).toEqual(["done", 3]);
    expect(out.trimEnd().split("\n").at(-1)).toContain(last);
  });

  test.each<[string, string, () => StreamMeter]>([
    ["chat before its finish", CHUNKS.slice(0, 3).map(data).join(""), chat],
    ["chat with half a finish", CHUNKS.slice(0, 4).map(data).join("").slice(0, -30), chat],
    ["one choice of two", CHUNKS.slice(0, 4).map(data).join(""), () => chat(2)],
    ["messages before their reason", MESSAGES.split("event: message_delta")[0] ?? "", messages],
    ["responses without their last event", RESPONSES.split("event: response.completed")[0] ?? "", responses],
    ["nothing at all", "", chat],
  ])("%s is a cut", (_name, stream, meter) => {
    expect(play(meter(), encoder.encode(stream), 9).end).toBe("cut");
  });
});

describe("an error inside an answer is reported and never complete", () => {
  const errors: Readonly<Record<string, string>> = {
    object: data({ error: { message: "overloaded", code: 503 } }),
    string: data({ error: "an error was encountered" }),
    vLLM: data({
      object: "error",
      message: "maximum context length is 128000 tokens",
      type: "BadRequestError",
      code: 400,
    }),
    detail: data({ detail: "worker died" }),
    "a named event": `event: error\ndata: {"message":"internal"}\n\n`,
    "Anthropic's": data({ type: "error", error: { type: "overloaded_error", message: "Overloaded" } }),
    "without data:": `{"error":{"message":"boom"}}\n\n`,
  };
  const finishes = {
    "a broken finish": data({ ...chunk({}, "error"), error: { code: 502, message: "Provider disconnected" } }),
    "one of DeepSeek's": data(chunk({}, "insufficient_system_resource")),
  };
  const begun = (stream: string, events: number) => stream.split("\n\n").slice(0, events).join("\n\n").concat("\n\n");
  const inChat = Object.entries({ ...errors, ...finishes }).flatMap(([name, text]) => [
    { name: `chat, ${name}, at once`, stream: text + data("[DONE]"), meter: chat, said: "" },
    {
      name: `chat, ${name}, after a piece`,
      stream: begun(CHAT, 2) + text + data("[DONE]"),
      meter: chat,
      said: "Grüße 🌊",
    },
    { name: `chat, ${name}, after the finish`, stream: begun(CHAT, 4) + text, meter: chat, said: "Grüße 🌊 end" },
  ]);
  const inOthers = Object.entries(errors).flatMap(([name, text]) => [
    { name: `messages, ${name}`, stream: begun(MESSAGES, 4) + text, meter: messages, said: "Grüße 🌊" },
    { name: `responses, ${name}`, stream: begun(RESPONSES, 2) + text, meter: responses, said: "Grüße 🌊" },
  ]);
  test.each([...inChat, ...inOthers])("$name", ({ stream, meter, said }) => {
    for (const size of [stream.length * 4, 1]) {
      const one = meter();
      const { out, end } = play(one, encoder.encode(stream), size);
      expect([end, textOf(out), one.fault() !== null]).toEqual(["upstream_error", said, true]);
      expect(out).not.toContain("[DONE]");
    }
  });
});

describe("how a stream of responses breaks", () => {
  const answer = { code: "upstream_error", message: "broke", param: null, requestId: "req_1" } as const;

  test("with an error and response.failed, numbered on, with the response that was begun", () => {
    const meter = responses();
    play(meter, encoder.encode(RESPONSES.split("event: response.completed")[0]), 50);
    expect(objectsIn(meter.broken(answer))).toMatchObject([
      { type: "error", sequence_number: 3, code: "upstream_error" },
      { type: "response.failed", sequence_number: 4, response: { id: "r1", status: "failed", model: "up" } },
    ]);
  });

  test("the provider's own response.failed passes, once, without what is secret in it", () => {
    const error = { code: "server_error", message: "worker of org-abc123 died" };
    const failed = { type: "response.failed", sequence_number: 2, response: { ...response, status: "failed", error } };
    const meter = responses();
    const { out, end } = play(meter, encoder.encode(event(failed)), 50);
    expect([end, meter.broken(answer)]).toEqual(["upstream_error", ""]);
    expect(objectsIn(out)).toMatchObject([{ type: "response.failed", response: { error: { code: "server_error" } } }]);
    expect(out).not.toContain("org-abc123");
    expect(meter.fault()).toMatchObject({ code: "server_error" });
  });
});

test("signs of life pass as comments", () => {
  expect(play(chat(), encoder.encode(`: OPENROUTER PROCESSING\n\n${data({ type: "ping" })}data:\n\n`), 3).out).toBe(
    ": OPENROUTER PROCESSING\n\n: ping\n\n:\n\n",
  );
});
