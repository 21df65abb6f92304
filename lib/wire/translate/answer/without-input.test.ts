import { expect, test } from "vitest";
import { parseMessages } from "../../anthropic/parse-messages";
import type { Call } from "../../call";
import { parseChat } from "../../openai/parse-chat";
import { type ProviderDialect, pairOf, withoutInput } from "../../pair";
import { parseResponses } from "../../responses/parse-responses";

const LONG = `mcp__${"x".repeat(80)}`;
const tools = [
  { name: "plain", input_schema: {} },
  { name: LONG, input_schema: { type: "object" } },
];
const said = { messages: [{ role: "user", content: "hi ".repeat(50) }] };
const messages = (more: object = {}) => parseMessages({ model: "m", max_tokens: 50, ...said, tools, ...more });
const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** The sent name of a long one. */
const sentName = (() => {
  const body = pairOf("messages", "openai")?.body({
    call: messages(),
    upstreamModel: "m",
    maxOutputTokens: 50,
    capField: "max_tokens",
    continuousUsage: false,
  });
  return /"(mcp__x+_[0-9a-f]{8})"/.exec(JSON.stringify(body))?.[1] ?? "";
})();
const tool = { index: 0, id: "t", type: "function", function: { name: sentName, arguments: '{"a":1}' } };
const answer = { role: "assistant", content: "ok", reasoning_content: "hm", tool_calls: [tool] };
const usage = { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 };
const COMPLETION = { id: "c", object: "chat.completion", created: 1, model: "u", usage };
const MESSAGE = {
  id: "m",
  type: "message",
  role: "assistant",
  model: "u",
  stop_reason: "end_turn",
  content: [{ type: "text", text: "ok" }],
  usage: { input_tokens: 9, output_tokens: 1 },
};
const RESPONSE = {
  id: "r",
  object: "response",
  model: "u",
  status: "completed",
  output: [],
  usage: { input_tokens: 1, output_tokens: 1 },
};

const CASES: readonly (readonly [string, Call, ProviderDialect, object])[] = [
  ...[{}, { thinking: { type: "enabled", budget_tokens: 1024 } }, { thinking: { type: "adaptive" } }].map(
    (more) =>
      [
        `messages to chat ${JSON.stringify(more)}`,
        messages(more),
        "openai",
        { ...COMPLETION, choices: [{ index: 0, message: answer, finish_reason: "tool_calls" }] },
      ] as const,
  ),
  ["messages", messages(), "anthropic", MESSAGE],
  ["chat to messages", parseChat({ model: "m", ...said, n: 1 }), "anthropic", MESSAGE],
  [
    "chat",
    parseChat({ model: "m", ...said, n: 2, stream: true, stream_options: { include_usage: true } }),
    "openai",
    { ...COMPLETION, choices: [{ index: 0, message: answer, finish_reason: "stop" }] },
  ],
  ["responses", parseResponses({ model: "m", input: "hi" }), "openai", RESPONSE],
];

test.each(CASES)("an answer is the same without the call's input: %s", (name, call, dialect, body) => {
  const pair = pairOf(call.endpoint, dialect);
  if (pair === null) throw new Error("no such way");
  const known = { nowSeconds: 1, estimatedInputTokens: 9 };
  const whole = (one: Call) => pair.whole(bytes(body), { ...known, call: one });
  const streamed = (one: Call) => {
    const meter = pair.stream({ ...known, call: one, outputBytesMax: 100_000 });
    const out = [meter.feed(new TextEncoder().encode(pair.forms?.asEvents({ ...body }) ?? "")), meter.close()];
    return { out: out.map((piece) => new TextDecoder().decode(piece)), reading: meter.reading(), end: meter.end() };
  };
  const light = withoutInput({ ...call, source: bytes("x".repeat(1000)) });
  expect(JSON.stringify(light).length).toBeLessThan(JSON.stringify(call).length);
  expect(light).not.toHaveProperty("source");
  expect(whole(light)).toEqual(whole(call));
  expect(streamed(light)).toEqual(streamed(call));
  if (name.startsWith("messages to chat")) {
    expect(sentName).not.toBe("");
    expect(JSON.stringify(whole(light))).toContain(LONG);
    expect(JSON.stringify(whole(light)).includes("thinking")).toBe(name.includes("thinking"));
  }
});
