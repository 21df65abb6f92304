import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { Spillway } from "../fixtures/spillway";

/**
 * The acceptance tests of Open Responses, written from its public specification (openresponses.org): the seven calls of its
 * suite, each answer and event held against the schema. The suite itself is in no package registry.
 */
let spillway: Spillway;
beforeAll(async () => {
  spillway = await Spillway.run();
});
afterAll(() => spillway.stop());

const int = z.number().int();
const textPart = z.object({
  type: z.literal("output_text"),
  text: z.string(),
  annotations: z.array(z.unknown()),
  logprobs: z.array(z.unknown()),
});
const status = z.enum(["in_progress", "completed", "incomplete"]);
const item = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("message"),
    id: z.string(),
    status,
    role: z.literal("assistant"),
    content: z.array(textPart),
  }),
  z.object({
    type: z.literal("function_call"),
    id: z.string(),
    status,
    call_id: z.string(),
    name: z.string(),
    arguments: z.string(),
  }),
]);
const tool = z.object({
  type: z.literal("function"),
  name: z.string(),
  description: z.string().nullable(),
  parameters: z.record(z.string(), z.unknown()).nullable(),
  strict: z.boolean().nullable(),
});
const usage = z.object({
  input_tokens: int,
  output_tokens: int,
  total_tokens: int,
  input_tokens_details: z.object({ cached_tokens: int }),
  output_tokens_details: z.object({ reasoning_tokens: int }),
});

const response = z.object({
  id: z.string(),
  object: z.literal("response"),
  created_at: int,
  completed_at: int.nullable(),
  status: z.enum(["in_progress", "completed", "incomplete", "failed"]),
  incomplete_details: z.object({ reason: z.string() }).nullable(),
  model: z.string(),
  previous_response_id: z.string().nullable(),
  instructions: z.string().nullable(),
  output: z.array(item),
  error: z.object({ code: z.string(), message: z.string() }).nullable(),
  tools: z.array(tool),
  tool_choice: z.union([z.enum(["none", "auto", "required"]), z.looseObject({ type: z.string() })]),
  truncation: z.enum(["auto", "disabled"]),
  parallel_tool_calls: z.boolean(),
  text: z.looseObject({ format: z.looseObject({ type: z.string() }) }),
  top_p: z.number(),
  presence_penalty: z.number(),
  frequency_penalty: z.number(),
  top_logprobs: int,
  temperature: z.number(),
  reasoning: z.object({ effort: z.string().nullable(), summary: z.string().nullable() }).nullable(),
  usage: usage.nullable(),
  max_output_tokens: int.nullable(),
  max_tool_calls: int.nullable(),
  store: z.boolean(),
  background: z.boolean(),
  service_tier: z.string(),
  metadata: z.record(z.string(), z.string()),
  safety_identifier: z.string().nullable(),
  prompt_cache_key: z.string().nullable(),
});
type ResponseResource = z.infer<typeof response>;

const numbered = { sequence_number: int };
const placed = { ...numbered, item_id: z.string(), output_index: int };
const inPart = { ...placed, content_index: int };
const whole = (type: string) => z.object({ ...numbered, type: z.literal(type), response });
const event = z.union([
  ...["created", "in_progress", "completed", "failed", "incomplete"].map((kind) => whole(`response.${kind}`)),
  z.object({
    ...numbered,
    output_index: int,
    item,
    type: z.enum(["response.output_item.added", "response.output_item.done"]),
  }),
  z.object({ ...inPart, type: z.enum(["response.content_part.added", "response.content_part.done"]), part: textPart }),
  z.object({
    ...inPart,
    type: z.literal("response.output_text.delta"),
    delta: z.string(),
    logprobs: z.array(z.unknown()),
  }),
  z.object({
    ...inPart,
    type: z.literal("response.output_text.done"),
    text: z.string(),
    logprobs: z.array(z.unknown()),
  }),
  z.object({ ...placed, type: z.literal("response.function_call_arguments.delta"), delta: z.string() }),
  z.object({ ...placed, type: z.literal("response.function_call_arguments.done"), arguments: z.string() }),
]);
type Event = z.infer<typeof event>;

function send(body: object): Promise<Response> {
  return fetch(`${spillway.baseUrl}/v1/responses`, {
    method: "POST",
    headers: { authorization: `Bearer ${spillway.demo.keys.enterprise}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "sim-small", max_output_tokens: 60, ...body }),
  });
}

async function answerTo(body: object): Promise<ResponseResource> {
  const answer = await send({ ...body, stream: false });
  expect(answer.status).toBe(200);
  return response.parse(await answer.json());
}

/** Every event, checked, as its name and its `type` agree. */
async function eventsOf(body: object): Promise<Event[]> {
  const answer = await send({ ...body, stream: true });
  expect(answer.headers.get("content-type")).toContain("text/event-stream");
  const frames = (await answer.text())
    .split("\n\n")
    .filter((frame) => frame.includes("data:") && !frame.includes("[DONE]"));
  return frames.map((frame) => {
    const found = event.parse(JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? ""));
    expect(/^event: (.*)$/m.exec(frame)?.[1]).toBe(found.type);
    return found;
  });
}

const said = (role: string, content: unknown) => ({ type: "message", role, content });
const WEATHER = {
  type: "function",
  name: "get_weather",
  description: "The weather at a place",
  parameters: { type: "object", properties: { location: { type: "string" } }, required: ["location"] },
};
const PIXEL =
  "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

describe("a whole response", () => {
  test.each<[string, object]>([
    ["to one message", { input: [said("user", "Say hello in three words.")] }],
    ["to a text", { input: "Say hello.", temperature: null, metadata: null, tools: null }],
    ["under a system prompt", { input: [said("system", "Speak like a pirate."), said("user", "Say hello.")] }],
    [
      "to a picture",
      {
        model: "sim-vision",
        input: [
          said("user", [
            { type: "input_text", text: "What is it?" },
            { type: "input_image", image_url: PIXEL },
          ]),
        ],
      },
    ],
    [
      "in a conversation",
      {
        input: [said("user", "My name is Alice."), said("assistant", "Hello Alice!"), said("user", "What is my name?")],
      },
    ],
  ])("%s", async (_name, body) => {
    const { status: ending, output, usage: used } = await answerTo(body);
    expect([ending, output.map(({ type }) => type)]).toEqual(["completed", ["message"]]);
    expect(used?.total_tokens).toBe((used?.input_tokens ?? 0) + (used?.output_tokens ?? 0));
  });

  test("calls a tool", async () => {
    const { output, tools } = await answerTo({ input: [said("user", "How is the weather?")], tools: [WEATHER] });
    expect(output).toMatchObject([{ type: "function_call", name: "get_weather" }]);
    expect(tools).toMatchObject([WEATHER]);
  });

  test("that ran into its cap says so", async () => {
    const cut = await answerTo({ input: 'long sim:{"outputTokens":40}', max_output_tokens: 16 });
    expect(cut).toMatchObject({ status: "incomplete", incomplete_details: { reason: "max_output_tokens" } });
  });
});

describe("a streamed response", () => {
  const types = (events: readonly Event[]) => [...new Set(events.map(({ type }) => type))];

  test("comes in numbered events, and its pieces are the whole", async () => {
    const events = await eventsOf({ input: [said("user", "Count from 1 to 5.")] });
    expect(events.map((one) => one.sequence_number)).toEqual(events.map((_one, at) => at));
    expect(types(events)).toEqual([
      ...[
        "response.created",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
      ],
      ...["response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed"],
    ]);
    const text = events
      .map((one) => (one.type === "response.output_text.delta" && "delta" in one ? one.delta : ""))
      .join("");
    const last = events.at(-1);
    const output = last !== undefined && "response" in last ? last.response.output : [];
    expect(output).toMatchObject([{ content: [{ text }] }]);
  });

  test("calls a tool in events", async () => {
    const events = await eventsOf({ input: [said("user", "How is the weather?")], tools: [WEATHER] });
    expect(types(events)).toEqual([
      ...["response.created", "response.output_item.added", "response.function_call_arguments.delta"],
      ...["response.function_call_arguments.done", "response.output_item.done", "response.completed"],
    ]);
    const items = events.flatMap((one) => ("item" in one ? [one.item.type] : []));
    expect(items).toEqual(["function_call", "function_call"]);
  });

  test("that breaks ends with response.failed", async () => {
    const answer = await send({ input: 'x sim:{"mode":"cut_after","afterTokens":2}', stream: true });
    const text = await answer.text();
    const failed = /^event: response\.failed\ndata: (.*)$/m.exec(text)?.[1] ?? "";
    expect(event.parse(JSON.parse(failed))).toMatchObject({
      response: { status: "failed", error: { code: "upstream_error" } },
    });
  });
});

test("an error has the form of the specification", async () => {
  const answer = await send({ input: "hi", model: "no-such-model" });
  const { error } = await answer.json();
  expect([answer.status, typeof error.message, error.type, error.code, error.param]).toEqual([
    ...[404, "string", "invalid_request_error", "model_not_found", "model"],
  ]);
});
