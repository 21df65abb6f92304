import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { answering, Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let upstream: Scripted;

beforeAll(async () => {
  [spillway, upstream] = await Promise.all([Spillway.run({ UPSTREAM_PING_SECONDS: "0.2" }), Scripted.run()]);
  await upstream.serve(spillway, "scripted");
});
afterAll(async () => {
  await spillway.stop();
  upstream.stop();
});
beforeEach(() => void upstream.came.splice(0));

const data = (value: unknown) => `data: ${typeof value === "string" ? value : JSON.stringify(value)}\n\n`;
const chunk = (delta: object, finish: string | null = null) => ({
  id: "c1",
  object: "chat.completion.chunk",
  created: 1,
  model: "up-model",
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const USAGE = { prompt_tokens: 20, completion_tokens: 3, total_tokens: 23 };
const STREAM =
  [
    chunk({ role: "assistant", content: "hi there you" }),
    chunk({}, "stop"),
    { ...chunk({}), choices: [], usage: USAGE },
  ]
    .map(data)
    .join("") + data("[DONE]");
const WHOLE = {
  id: "x",
  object: "chat.completion",
  created: 1,
  model: "m",
  usage: USAGE,
  choices: [{ index: 0, message: { role: "assistant", content: "hi there you" }, finish_reason: "stop" }],
};

function call(path: string, more: object = {}): Promise<Response> {
  return fetch(`${spillway.baseUrl}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${spillway.demo.keys.enterprise}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "scripted", max_tokens: 50, messages: [{ role: "user", content: "hi" }], ...more }),
  });
}

const rowOf = (answer: Response) =>
  until("the ledger row", () => spillway.ledgerRow(answer.headers.get("x-request-id") ?? ""));

describe.each([
  ["a stream under another case", true, STREAM, { "content-type": "Text/Event-Stream; charset=UTF-8" }],
  ["a stream under no known type", true, STREAM, { "content-type": "application/octet-stream" }],
  [
    "a stream that was compressed anyway",
    true,
    gzipSync(STREAM),
    {
      "content-type": "text/event-stream",
      "content-encoding": "gzip",
    },
  ],
  ["a whole answer to a stream", true, WHOLE, {}],
  ["a stream to a whole call", false, STREAM, { "content-type": "text/event-stream" }],
  ["a compressed whole answer", false, gzipSync(JSON.stringify(WHOLE)), { "content-encoding": "gzip" }],
  ["blanks before the answer", false, `\n\n  ${JSON.stringify(WHOLE)}`, {}],
  ["an answer of 201", false, WHOLE, {}],
])("%s", (name, stream, body, headers) => {
  test.each(["/v1/chat/completions", "/v1/messages"])("is served at %s and billed as reported", async (path) => {
    upstream.play = answering(name.endsWith("201") ? 201 : 200, body, headers);
    const answer = await call(path, { stream });
    const text = await answer.text();
    expect([answer.status, text.includes("hi there you")]).toEqual([200, true]);
    expect(text.startsWith("{")).toBe(!stream);
    expect(await rowOf(answer)).toMatchObject({ ending: "complete", inputTokens: 20, outputTokens: 3 });
  });
});

describe("a stream that is silent", () => {
  test("the provider's signs of life pass at once, and ours fill the silence", async () => {
    const rest: { go(): void } = { go: () => undefined };
    upstream.play = (response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(": thinking\n\n");
      rest.go = () => response.end(STREAM);
    };
    for (const [path, ping] of [
      ["/v1/chat/completions", ": keep-alive\n\n"],
      ["/v1/messages", 'event: ping\ndata: {"type": "ping"}\n\n'],
    ] as const) {
      const answer = await call(path, { stream: true });
      const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
      let text = "";
      while (!text.includes(ping)) text += (await reader?.read())?.value ?? "";
      expect(text.startsWith(": thinking\n\n")).toBe(true);
      expect(text).not.toContain("hi there");
      rest.go();
      for (let next = await reader?.read(); next?.done === false; next = await reader?.read()) text += next.value;
      expect(text).toContain("hi there you");
      expect(await rowOf(answer)).toMatchObject({ ending: "complete" });
    }
  });
});

describe("an error inside of a 200", () => {
  const errors = {
    "an object": data({ error: { message: "overloaded", code: 503 } }),
    "a string": data({ error: "boom" }),
    "an event of that name": `event: error\ndata: {"message":"internal"}\n\n`,
  };
  test.each(Object.entries(errors))("%s ends the stream with an error in both dialects", async (_name, text) => {
    upstream.play = answering(200, data(chunk({ content: "part" })) + text + data("[DONE]"), {
      "content-type": "text/event-stream",
    });
    const chat = await call("/v1/chat/completions", { stream: true });
    expect(await chat.text()).toMatch(/part[\s\S]*"error":\{"message"[\s\S]*\[DONE\]/);
    const messages = await call("/v1/messages", { stream: true });
    const said = await messages.text();
    expect([said.includes('"type":"error"'), said.includes("message_stop")]).toEqual([true, false]);
    for (const answer of [chat, messages]) expect(await rowOf(answer)).toMatchObject({ ending: "upstream_error" });
  });

  test("is no answer to a whole call, and costs nothing", async () => {
    upstream.play = answering(200, { choices: [], error: { message: "no capacity for org-abc123", code: 429 } });
    const answer = await call("/v1/chat/completions");
    const { error } = await answer.json();
    expect([answer.status, error.code]).toEqual([502, "upstream_protocol_error"]);
    expect(error.message).toContain("no capacity for [hidden]");
    expect(await rowOf(answer)).toMatchObject({ ending: "upstream_protocol_error", costMicroUsd: 0 });
  });
});

describe("a provider's error passes", () => {
  const overloaded = { type: "error", error: { type: "overloaded_error", message: "Overloaded" } };
  test.each<[number, unknown, Record<string, string>, string, [number, string | null, string, string]]>([
    [
      429,
      { error: { message: "x" } },
      { "retry-after-ms": "9000" },
      "chat",
      [429, "9", "true", "upstream_rate_limited"],
    ],
    [503, { error: { message: "x" } }, { "retry-after": "25" }, "chat", [503, "25", "true", "upstream_overloaded"]],
    [529, overloaded, {}, "messages", [529, null, "true", "overloaded_error"]],
    [413, { error: { message: "Request too large" } }, {}, "chat", [413, null, "false", "upstream_too_large"]],
    [404, { error: { message: "none", code: "model_not_found" } }, {}, "chat", [404, null, "false", "model_not_found"]],
    [
      400,
      { object: "error", message: "maximum context length is 8192 tokens", code: 400 },
      {},
      "chat",
      [...([400, null, "false", "context_length_exceeded"] as const)],
    ],
    [
      401,
      { error: { message: "Incorrect API key: sk-abcdefghijklmnop" } },
      {},
      "chat",
      [502, null, "false", "upstream_auth"],
    ],
  ])("%i %j", async (status, body, headers, dialect, expected) => {
    // The errors of the row before are none of this one's.
    await spillway.admin("PUT", "upstream/scripted", { inService: true, reason: "for the test" });
    upstream.play = answering(status, body, headers);
    const answer = await call(dialect === "chat" ? "/v1/chat/completions" : "/v1/messages");
    const { error } = await answer.json();
    const said = [answer.headers.get("retry-after"), answer.headers.get("x-should-retry")];
    expect([answer.status, ...said, dialect === "chat" ? error.code : error.type]).toEqual(expected);
    expect(error.message).not.toContain("sk-");
    expect(await rowOf(answer)).toMatchObject({ ending: "upstream_refused", costMicroUsd: 0 });
  });
});
