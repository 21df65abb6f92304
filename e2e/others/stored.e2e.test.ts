import OpenAI from "openai7";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { answering, Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let upstream: Scripted;
beforeAll(async () => {
  [spillway, upstream] = await Promise.all([Spillway.run(), Scripted.run()]);
  await upstream.serve(spillway, "up", { coolsDown: false });
  await upstream.serve(spillway, "other", { coolsDown: false });
  await upstream.serve(spillway, "claude", { dialect: "anthropic", coolsDown: false });
  // A model with a stand-in: what is kept is asked for where it is, and nowhere else.
  await spillway.admin("PUT", "models/up", {
    provider: "up",
    upstreamName: "up-model",
    contextTokens: 400_000,
    maxOutputTokens: 4096,
    defaultOutputTokens: 1024,
    fallbacks: ["other"],
    price: { inputMicroUsdPerMillion: 1_000_000, outputMicroUsdPerMillion: 5_000_000 },
  });
});
afterAll(async () => {
  await spillway.stop();
  upstream.stop();
});
beforeEach(() => void upstream.came.splice(0));

const clientOf = (key: "enterprise" | "standard") =>
  new OpenAI({ apiKey: spillway.demo.keys[key], baseURL: `${spillway.baseUrl}/v1`, maxRetries: 0 });
const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
const response = (id: string, more: object = {}) => ({
  id,
  object: "response",
  status: "completed",
  model: "up-model",
  created_at: 1,
  error: null,
  usage,
  output: [{ type: "message", id: "msg", role: "assistant", content: [] }],
  ...more,
});
const statusOf = (work: Promise<unknown>) =>
  work.then(
    () => 200,
    (error: unknown) => (error instanceof OpenAI.APIError ? error.status : error),
  );

/** Makes a response of the enterprise tenant that the provider keeps. */
async function keep(id: string, more: object = {}, stream = false): Promise<void> {
  const whole = response(id, more);
  const last = { type: "response.completed", sequence_number: 0, response: whole };
  upstream.play = stream
    ? answering(200, `event: ${last.type}\ndata: ${JSON.stringify(last)}\n\n`, { "content-type": "text/event-stream" })
    : answering(200, whole);
  const client = clientOf("enterprise");
  if (stream) for await (const _event of await client.responses.create({ model: "up", input: "x", stream }));
  else await client.responses.create({ model: "up", input: "x" });
  upstream.came.splice(0);
}

describe("a response that its provider keeps", () => {
  test.each([false, true])("is shown, listed, cancelled and deleted for its tenant (streamed: %s)", async (stream) => {
    const id = `resp_kept_${stream}`;
    await keep(id, {}, stream);
    const client = clientOf("enterprise");
    upstream.play = answering(200, response(id));
    const shown = await client.responses.retrieve(id, { include: ["reasoning.encrypted_content"] }).withResponse();
    expect([shown.data.id, shown.data.model]).toEqual([id, "up"]);
    const [came] = upstream.came;
    expect([came?.method, came?.text, came?.headers["content-type"], came?.headers.authorization]).toEqual([
      ...["GET", "", undefined, "Bearer scripted-upstream-key"],
    ]);
    expect(came?.path).toMatch(new RegExp(`^/v1/responses/${id}\\?include`));
    const rowId = shown.response.headers.get("x-request-id") ?? "";
    expect(await until("its row", () => spillway.ledgerRow(rowId))).toMatchObject({
      endpoint: "responses_stored",
      costMicroUsd: 0,
      ending: "complete",
    });
    upstream.play = answering(200, { object: "list", data: [], has_more: false });
    await client.responses.inputItems.list(id);
    upstream.play = answering(200, response(id, { status: "cancelled" }));
    await client.responses.cancel(id);
    upstream.play = answering(200, { id, object: "response", deleted: true });
    await client.responses.delete(id);
    expect(upstream.came.slice(1).map(({ method, path }) => [method, path.replace(/\?.*/, "")])).toEqual([
      ["GET", `/v1/responses/${id}/input_items`],
      ["POST", `/v1/responses/${id}/cancel`],
      ["DELETE", `/v1/responses/${id}`],
    ]);
  });

  test("is not there for another tenant, in any way", async () => {
    const id = "resp_secret";
    await keep(id);
    const { responses } = clientOf("standard");
    expect([
      await statusOf(responses.retrieve(id)),
      await statusOf(responses.delete(id)),
      await statusOf(responses.cancel(id)),
      await statusOf(responses.inputItems.list(id).then((page) => page.data)),
      await statusOf(responses.create({ model: "up", input: "and then?", previous_response_id: id })),
    ]).toEqual([404, 404, 404, 404, 400]);
    expect(upstream.came).toEqual([]);
  });

  test("may be gone on from by its own tenant, and an unknown id is for the provider to judge", async () => {
    await keep("resp_mine");
    upstream.play = answering(200, response("resp_next"));
    const { responses } = clientOf("enterprise");
    const more = (id: string) => responses.create({ model: "up", input: "and then?", previous_response_id: id });
    expect([await statusOf(more("resp_mine")), await statusOf(more("resp_from_elsewhere"))]).toEqual([200, 200]);
    expect(upstream.came).toHaveLength(2);
  });

  test("counts with all that it holds for who goes on from it, at once and later", async () => {
    const large = { input_tokens: 9000, output_tokens: 500, total_tokens: 9500 };
    await keep("resp_large", { usage: large });
    upstream.play = answering(200, response("resp_after_large", { usage: large }));
    const { responses } = clientOf("enterprise");
    const more = async () => {
      const asked = { model: "up", input: "and then?", previous_response_id: "resp_large" };
      const { response: answer } = await responses.create(asked).withResponse();
      const row = await until("its row", () => spillway.ledgerRow(answer.headers.get("x-request-id") ?? ""));
      return row.estimatedInputTokens;
    };
    expect([await more(), await more()].every((tokens) => tokens > 9500 && tokens < 9600)).toBe(true);
  });

  test("that was not to be kept, or that nobody made here, is not asked for", async () => {
    await keep("resp_forgotten", { store: false });
    const { responses } = clientOf("enterprise");
    expect([
      await statusOf(responses.retrieve("resp_forgotten")),
      await statusOf(responses.retrieve("resp_x")),
    ]).toEqual([404, 404]);
    expect(upstream.came).toEqual([]);
  });

  test("is asked for where it is, and nowhere else when that fails", async () => {
    await keep("resp_here");
    upstream.play = answering(500, { error: { message: "no" } });
    const { responses } = clientOf("enterprise");
    expect(await statusOf(responses.retrieve("resp_here"))).toBe(502);
    expect(upstream.came).toHaveLength(1);
    expect(await statusOf(responses.retrieve("resp_here", { stream: true }))).toBe(400);
    expect(upstream.came).toHaveLength(1);
  });
});

describe("what a body names belongs to the tenant that used it first", () => {
  const message = (id: string) => ({
    ...{ id, type: "message", role: "assistant", model: "up-model", content: [], stop_reason: "end_turn" },
    usage: { input_tokens: 10, output_tokens: 5 },
  });
  const ask = (key: "enterprise" | "standard", path: string, body: object) =>
    fetch(`${spillway.baseUrl}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${spillway.demo.keys[key]}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
  const responses = (more: object) => ["/v1/responses", { model: "up", input: "and then?", ...more }] as const;
  const messages = (more: object) => {
    const turns = [{ role: "user", content: "and then?" }];
    return ["/v1/messages", { model: "claude", max_tokens: 10, messages: turns, ...more }] as const;
  };
  const compact = (more: object) => ["/v1/responses/compact", { model: "up", input: "and then?", ...more }] as const;

  test.each([
    ["a conversation", "conversation", responses({ conversation: "conv_a" })],
    ["a conversation as an object", "conversation", responses({ conversation: { id: "conv_b" } })],
    ["a conversation that is compacted", "conversation", compact({ conversation: "conv_c" })],
    ["a container of a tool", "container", responses({ tools: [{ type: "code_interpreter", container: "cntr_a" }] })],
    [
      "a container of a call before",
      "container",
      responses({ input: [{ type: "code_interpreter_call", id: "ci", container_id: "cntr_b", code: "1" }] }),
    ],
    ["a container of messages", "container", messages({ container: "container_a" })],
    ["a container with skills", "container", messages({ container: { id: "container_b", skills: [] } })],
  ])("%s", async (_what, kind, [path, body]) => {
    upstream.play = answering(200, path === "/v1/messages" ? message("msg") : response("resp_any"));
    expect((await ask("enterprise", path, body)).status).toBe(200);
    upstream.came.splice(0);
    const refused = await ask("standard", path, body);
    expect([refused.status, (await refused.json()).error.message]).toEqual([
      400,
      expect.stringMatching(`No ${kind} of yours has the id "c`),
    ]);
    expect(upstream.came).toEqual([]);
    // No call of this tenant has been admitted here yet.
    const quota = await spillway.quota(spillway.demo.keys.standard);
    expect(quota.filter(({ used, reserved }) => used + reserved > 0)).toEqual([]);
    expect((await ask("enterprise", path, body)).status).toBe(200);
  });

  const chat = (id: string) => {
    const spoken = { role: "assistant", audio: { id } };
    return [
      "/v1/chat/completions",
      { model: "up", messages: [{ role: "user", content: "hi" }, spoken, { role: "user", content: "and?" }] },
    ] as const;
  };
  type Naming = (id: string) => readonly [path: string, body: object];
  const reference: Naming = (id) => responses({ input: [{ type: "item_reference", id }] });

  const made: readonly (readonly [what: string, kind: string, id: string, way: string, naming: Naming])[] = [
    ["an item of a response", "item", "msg_0123456789abcdef", "whole", reference],
    ["an item of a response that was streamed", "item", "rs_0123456789abcdef", "stream", reference],
    [
      "thoughts of a response",
      "item",
      "rs_fedcba9876543210",
      "whole",
      (id: string) => responses({ input: [{ type: "reasoning", id, summary: [] }] }),
    ],
    [
      "a container that a response ran in",
      "container",
      "cntr_0123456789abcdef",
      "whole",
      (id: string) => responses({ tools: [{ type: "code_interpreter", container: id }] }),
    ],
    ["an earlier sound", "sound", "audio_0123456789abcdef", "spoken", chat],
  ];
  test.each(made)("%s is of the tenant whose call made it", async (_what, kind, id, way, naming) => {
    const item = kind === "container" ? { id: `ci_${id}`, type: "code_interpreter_call", container_id: id } : { id };
    const events = [
      { type: "response.output_item.done", sequence_number: 0, output_index: 0, item },
      { type: "response.completed", sequence_number: 1, response: response("resp_making", { output: [item] }) },
    ];
    const text = events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join("");
    const choice = { index: 0, message: { role: "assistant", content: null, audio: { id } }, finish_reason: "stop" };
    const spoken = { id: "c", object: "chat.completion", model: "up-model", choices: [choice] };
    if (way === "stream") upstream.play = answering(200, text, { "content-type": "text/event-stream" });
    else upstream.play = answering(200, way === "spoken" ? spoken : response("resp_making", { output: [item] }));
    const [path, body] = way === "spoken" ? chat("unknown") : responses({ stream: way === "stream" });
    const making = await ask("enterprise", path, body);
    await making.text();
    await until("its row", () => spillway.ledgerRow(making.headers.get("x-request-id") ?? ""));
    upstream.came.splice(0);
    upstream.play = answering(200, way === "spoken" ? spoken : response("resp_after"));
    const refused = await ask("standard", ...naming(id));
    expect([refused.status, (await refused.json()).error.message]).toEqual([
      400,
      expect.stringContaining(`No ${kind} of yours has the id "${id}".`),
    ]);
    expect(upstream.came).toEqual([]);
    expect((await ask("enterprise", ...naming(id))).status).toBe(200);
  });

  const estimated = async (answer: Response) => {
    await answer.text();
    const row = await until("its row", () => spillway.ledgerRow(answer.headers.get("x-request-id") ?? ""));
    return row.estimatedInputTokens;
  };

  test("an item that is named alone counts with what its call made, and an unknown one with some pages", async () => {
    const usage = { input_tokens: 10, output_tokens: 900, total_tokens: 910 };
    const items = ["msg_aaaaaaaaaaaaaaaa", "msg_bbbbbbbbbbbbbbbb"].map((id) => ({ id }));
    upstream.play = answering(200, response("resp_long", { output: items, usage }));
    await (await ask("enterprise", ...responses({}))).text();
    upstream.play = answering(200, response("resp_after_long"));
    const naming = (...ids: string[]) => responses({ input: ids.map((id) => ({ type: "item_reference", id })) });
    const both = await estimated(await ask("enterprise", ...naming(...items.map(({ id }) => id))));
    expect([both > 900, both < 1000]).toEqual([true, true]);
    const unknown = await estimated(await ask("enterprise", ...naming("msg_cccccccccccccccc")));
    expect([unknown > 8000, unknown < 8100]).toEqual([true, true]);
  });

  test.each([false, true])("a thread of messages (streamed: %s)", async (stream) => {
    const id = `msg_thread_${stream}`;
    const whole = message(id);
    const start = { type: "message_start", message: whole };
    const delta = { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 5 } };
    const text = [start, delta, { type: "message_stop" }]
      .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
      .join("");
    upstream.play = stream ? answering(200, text, { "content-type": "text/event-stream" }) : answering(200, whole);
    const begun = await ask("enterprise", ...messages({ thread: { type: "create" }, stream }));
    await begun.text();
    await until("its row", () => spillway.ledgerRow(begun.headers.get("x-request-id") ?? ""));
    upstream.came.splice(0);
    upstream.play = answering(200, message("msg_next"));
    const goingOn = messages({ thread: { type: "continue", previous_message_id: id } });
    const refused = await ask("standard", ...goingOn);
    const { error } = await refused.json();
    expect([refused.status, error.type, error.details.error_code]).toEqual([
      404,
      "not_found_error",
      "thread_not_found",
    ]);
    expect(upstream.came).toEqual([]);
    expect((await ask("enterprise", ...goingOn)).status).toBe(200);
    expect(upstream.sent().thread).toEqual({ type: "continue", previous_message_id: id });
  });
});
