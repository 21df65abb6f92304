import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bothDialects, eventsOf } from "../fixtures/both-dialects";
import { until, zoneFarFromMidnight } from "../fixtures/process";
import type { Provider } from "../fixtures/simulator";
import type { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let provider: Provider;

beforeAll(async () => {
  [spillway, provider] = await bothDialects();
});
afterAll(async () => {
  await spillway.stop();
  await provider.stop();
});

const key = () => spillway.demo.keys.enterprise;

function post(path: string, body: object, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${spillway.baseUrl}${path}`, {
    method: "POST",
    headers: { "x-api-key": key(), "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

const WORDS = "water finds its level and a spillway lets";
const ASK = [{ role: "user", content: "How does a spillway work?" }];
const TOOL_SCHEMA = { type: "object", properties: { place: { type: "string" } } };
const OPENAI_TOOL = { type: "function", function: { name: "flow_at", parameters: TOOL_SCHEMA } };
const ANTHROPIC_TOOL = { name: "flow_at", input_schema: TOOL_SCHEMA };

async function booked(answer: Response) {
  const requestId = answer.headers.get("request-id") ?? "";
  const row = await until("the ledger row", () => spillway.ledgerRow(requestId));
  const bill = await provider.billOf(requestId);
  expect({ input: row.inputTokens, output: row.outputTokens }).toEqual({
    input: bill.inputTokens,
    output: bill.outputTokens,
  });
  return row;
}

describe.each(["sim-small", "claude-sim"])("messages, served by %s", (model) => {
  test("a whole message", async () => {
    const answer = await post("/v1/messages", { model, max_tokens: 8, messages: ASK, system: "Be brief." });
    const message = await answer.json();
    expect([answer.status, message]).toMatchObject([
      200,
      {
        type: "message",
        role: "assistant",
        model,
        stop_reason: "max_tokens",
        content: [{ type: "text", text: WORDS }],
      },
    ]);
    expect(message.usage).toMatchObject({ input_tokens: 15, output_tokens: 8 });
    expect(answer.headers.get("anthropic-ratelimit-requests-limit")).toBe("300");
    expect(answer.headers.get("anthropic-ratelimit-tokens-reset")).toMatch(/^\d{4}-.*Z$/);
    expect(await booked(answer)).toMatchObject({ ending: "complete", usageSource: "provider", outputTokens: 8 });
  });

  test("a stream of named events, with usage counted once", async () => {
    const answer = await post("/v1/messages", { model, max_tokens: 8, messages: ASK, stream: true });
    const events = eventsOf(await answer.text());
    expect(events[0]?.name).toBe("message_start");
    expect(JSON.parse(events[0]?.data ?? "{}").message.model).toBe(model);
    const text = events.map(({ data }) => JSON.parse(data).delta?.text ?? "").join("");
    expect(text.trimEnd()).toBe(WORDS);
    expect(events.at(-1)?.name).toBe("message_stop");
    const last = events.filter(({ name }) => name === "message_delta").at(-1);
    expect(JSON.parse(last?.data ?? "{}")).toMatchObject({
      delta: { stop_reason: "max_tokens" },
      usage: { output_tokens: 8 },
    });
    expect(await booked(answer)).toMatchObject({ ending: "complete", outputTokens: 8 });
  });

  test("a tool is called, and its result is accepted", async () => {
    const body = { model, max_tokens: 100, messages: ASK, tools: [ANTHROPIC_TOOL] };
    const first = await (await post("/v1/messages", body)).json();
    expect(first).toMatchObject({
      stop_reason: "tool_use",
      content: [{ type: "tool_use", name: "flow_at", input: { place: "water" } }],
    });
    const streamed = eventsOf(await (await post("/v1/messages", { ...body, stream: true })).text());
    const json = streamed.map(({ data }) => JSON.parse(data).delta?.partial_json ?? "").join("");
    expect(JSON.parse(json)).toEqual({ place: "water" });
    const result = {
      type: "tool_result",
      tool_use_id: first.content[0].id,
      content: [{ type: "text", text: "42 m3/s" }],
    };
    const messages = [...ASK, { role: "assistant", content: first.content }, { role: "user", content: [result] }];
    const second = await (await post("/v1/messages", { ...body, messages })).json();
    expect(second).toMatchObject({ stop_reason: "end_turn", content: [{ type: "text" }] });
  });

  test("an abort and a cut are booked at what was delivered", async () => {
    await provider.play({ mode: "cut_after", afterTokens: 5, times: 1 });
    const answer = await post("/v1/messages", { model, max_tokens: 50, messages: ASK, stream: true });
    const events = eventsOf(await answer.text());
    expect(events.at(-1)?.name).toBe("error");
    expect(JSON.parse(events.at(-1)?.data ?? "{}")).toMatchObject({ type: "error", error: { type: "api_error" } });
    expect(await booked(answer)).toMatchObject({ ending: "upstream_cut", outputTokens: 5 });
  });

  test("its errors are Anthropic's", async () => {
    const answer = await post("/v1/messages", { model: "none", max_tokens: 8, messages: ASK });
    const body = await answer.json();
    expect([answer.status, body]).toMatchObject([
      404,
      { type: "error", error: { type: "not_found_error", details: { error_code: "model_not_found" } } },
    ]);
    expect(body.request_id).toBe(answer.headers.get("request-id"));
    for (const wrong of [{}, { model, messages: ASK }, { model, max_tokens: 8, messages: [], extra: 1 }]) {
      const refused = await post("/v1/messages", wrong);
      expect([refused.status, (await refused.json()).error.type]).toEqual([400, "invalid_request_error"]);
    }
  });

  test("tokens are counted without being charged", async () => {
    const before = (await spillway.quota(key())).find((line) => line.name === "tokens-per-minute")?.used ?? 0;
    const answer = await post("/v1/messages/count_tokens", { model, messages: ASK });
    expect([answer.status, (await answer.json()).input_tokens > 5]).toEqual([200, true]);
    expect((await spillway.quota(key())).find((line) => line.name === "tokens-per-minute")?.used).toBeLessThanOrEqual(
      before,
    );
    const row = await until("the ledger row", () => spillway.ledgerRow(answer.headers.get("request-id") ?? ""));
    expect(row).toMatchObject({ ending: "complete", inputTokens: 0, outputTokens: 0, costMicroUsd: 0 });
  });

  test("counting tokens passes the limits, brakes and rights of every call", async () => {
    const tenant = `counts-${model}`;
    await spillway.admin("POST", "tenants", { slug: tenant, name: tenant, tier: "enterprise" });
    const override = { tenant, limit: "requests-per-minute", capacity: 3, refill: 1 };
    await spillway.admin("POST", "overrides", { ...override, reason: "for the test", expiresInSeconds: 3600 });
    const keyFor = (more: object) => spillway.admin<{ key: string }>("POST", "keys", { tenant, name: "one", ...more });
    const [any, narrow] = [await keyFor({}), await keyFor({ endpoints: ["messages"] })];
    const count = async (by: { key: string }) => {
      const answer = await post("/v1/messages/count_tokens", { model, messages: ASK }, { "x-api-key": by.key });
      const body = await answer.json();
      return [answer.status, body.error?.details?.error_code];
    };
    expect(await count(narrow)).toEqual([403, "endpoint_not_allowed"]);
    const scope = { tenant, endpoint: "count_tokens" };
    const brake = { scope, mode: "block", reason: "for the test", expiresInSeconds: 60 };
    const { id } = await spillway.admin<{ id: string }>("POST", "brakes", brake);
    expect((await count(any))[1]).toBe("kill_switch_active");
    await spillway.admin("DELETE", `brakes/${id}`, {});
    for (let attempt = 0; attempt < 3; attempt++) expect(await count(any)).toEqual([200, undefined]);
    expect(await count(any)).toEqual([429, "rate_limit_exceeded"]);
    expect((await spillway.quota(any.key)).find((line) => line.name === "concurrent-calls")?.used).toBe(0);
  });
});

describe("chat completions, served by Anthropic", () => {
  const chat = (more: object = {}) =>
    post("/v1/chat/completions", { model: "claude-sim", max_tokens: 8, messages: ASK, ...more });

  test("a whole completion", async () => {
    const answer = await chat();
    expect(await answer.json()).toMatchObject({
      object: "chat.completion",
      model: "claude-sim",
      choices: [{ index: 0, finish_reason: "length", message: { role: "assistant", content: WORDS } }],
      usage: { prompt_tokens: 9, completion_tokens: 8, total_tokens: 17 },
    });
    const row = await booked(answer);
    expect(row.costMicroUsd).toBe(9 * 3 + 8 * 15);
  });

  test.each([true, false])("a stream; usage asked for: %s", async (include) => {
    const answer = await chat({ stream: true, ...(include ? { stream_options: { include_usage: true } } : {}) });
    const events = eventsOf(await answer.text()).map(({ data }) => data);
    expect(events.at(-1)).toBe("[DONE]");
    const chunks = events.slice(0, -1).map((data) => JSON.parse(data));
    expect(
      chunks
        .map((chunk) => chunk.choices[0]?.delta.content ?? "")
        .join("")
        .trimEnd(),
    ).toBe(WORDS);
    expect(chunks.filter((chunk) => chunk.usage).map((chunk) => chunk.usage.completion_tokens)).toEqual(
      include ? [8] : [],
    );
    expect(chunks.every((chunk) => chunk.model === "claude-sim")).toBe(true);
    await booked(answer);
  });

  test("tools, both ways and as a stream", async () => {
    const first = await (await chat({ max_tokens: 100, tools: [OPENAI_TOOL] })).json();
    const [{ message, finish_reason: finish }] = first.choices;
    expect([finish, message.tool_calls[0].function]).toEqual([
      "tool_calls",
      { name: "flow_at", arguments: '{"place":"water"}' },
    ]);
    const streamed = eventsOf(await (await chat({ max_tokens: 100, tools: [OPENAI_TOOL], stream: true })).text());
    const pieces = streamed
      .slice(0, -1)
      .map(({ data }) => JSON.parse(data).choices[0]?.delta.tool_calls?.[0]?.function.arguments ?? "");
    expect(pieces.join("")).toBe('{"place":"water"}');
    const messages = [...ASK, message, { role: "tool", tool_call_id: message.tool_calls[0].id, content: "42 m3/s" }];
    const second = await (await chat({ messages, tools: [OPENAI_TOOL] })).json();
    expect(second.choices[0].finish_reason).toBe("length");
  });
});

describe("responses", () => {
  const respond = (more: object = {}) =>
    post("/v1/responses", { model: "sim-small", input: "How does a spillway work?", ...more });

  test("whole and streamed, billed as reported", async () => {
    const whole = await respond({ max_output_tokens: 8 });
    expect(await whole.json()).toMatchObject({ object: "response", model: "sim-small", usage: { output_tokens: 8 } });
    await booked(whole);
    const streamed = await respond({ stream: true });
    const events = eventsOf(await streamed.text());
    expect([events[0]?.name, events.at(-1)?.name]).toEqual(["response.created", "response.completed"]);
    await booked(streamed);
  });

  test("what breaks in the middle ends with an error event and response.failed", async () => {
    await provider.play({ mode: "cut_after", afterTokens: 5, times: 1 });
    const answer = await respond({ stream: true });
    const [error, failed] = eventsOf(await answer.text()).slice(-2);
    expect([error?.name, failed?.name]).toEqual(["error", "response.failed"]);
    expect(JSON.parse(error?.data ?? "{}")).toMatchObject({ type: "error", code: "upstream_error" });
    expect(JSON.parse(failed?.data ?? "{}")).toMatchObject({ response: { status: "failed", model: "sim-small" } });
    // Usage comes with the last event: what was cut before is counted here.
    const row = await until("the row", () => spillway.ledgerRow(answer.headers.get("x-request-id") ?? ""));
    expect(row).toMatchObject({ ending: "upstream_cut", usageSource: "counted", outputTokens: 5 });
  });

  test("a model without the responses endpoint says so; background is refused", async () => {
    const answer = await respond({ model: "claude-sim" });
    expect([answer.status, (await answer.json()).error.code]).toEqual([400, "endpoint_not_supported"]);
    expect((await respond({ background: true })).status).toBe(400);
  });
});

test("embeddings are passed on and charged for their input", async () => {
  const answer = await post("/v1/embeddings", { model: "sim-small", input: ["a b c", "d e"] });
  expect(await answer.json()).toMatchObject({
    object: "list",
    data: [{ index: 0 }, { index: 1 }],
    usage: { prompt_tokens: 13 },
  });
  expect(await booked(answer)).toMatchObject({ outputTokens: 0, costMicroUsd: 2 });
});

test("models are listed in the caller's dialect", async () => {
  const ask = (headers: Record<string, string>) =>
    fetch(`${spillway.baseUrl}/v1/models`, { headers: { "x-api-key": key(), ...headers } }).then((answer) =>
      answer.json(),
    );
  expect(await ask({ "anthropic-version": "2023-06-01" })).toMatchObject({
    data: [{ type: "model", id: "claude-sim" }, {}, {}, {}],
    has_more: false,
  });
  expect(await ask({})).toMatchObject({ object: "list", data: [{ object: "model", id: "claude-sim" }, {}, {}, {}] });
});

test("a credential is kept sealed, is sent to its provider, and is never shown", async () => {
  const catalog = JSON.stringify(await spillway.admin("GET", "catalog"));
  expect(catalog).not.toContain("sk-ant-simulated");
  expect(catalog).toContain('"credentialLast4":"tial"');
  expect(await provider.credentials()).toContain("sk-ant-simulated-credential");
});

test("a provider that refuses to be asked for usage is asked again without, and never again with it", async () => {
  await provider.play({ mode: "refuses_usage", outputTokens: 12, times: 5 });
  const chat = () => post("/v1/chat/completions", { model: "sim-vision", messages: ASK, stream: true });
  const before = (await provider.bills()).length;
  for (let call = 0; call < 2; call++) {
    const answer = await chat();
    expect((await answer.text()).trimEnd().endsWith("data: [DONE]")).toBe(true);
    const row = await until("the row", () => spillway.ledgerRow(answer.headers.get("x-request-id") ?? ""));
    expect(row).toMatchObject({ ending: "complete", usageSource: "counted", outputTokens: 12 });
  }
  expect((await provider.bills()).length - before).toBe(3);
  await provider.play({});
});

test("one idempotency key is served once", async () => {
  const body = { model: "sim-small", max_tokens: 8, messages: ASK };
  await provider.play({ firstTokenMs: 300, times: 1 });
  const headers = { "idempotency-key": "order-17" };
  let isOver = false;
  const first = post("/v1/messages", body, headers).finally(() => (isOver = true));
  // Sent at the same moment, the second might be the one that is served.
  const running = async () => (await spillway.quota(key())).find(({ name }) => name === "concurrent-calls")?.used;
  await until("the first to run", async () => isOver || (await running()) === 1);
  const second = async () => (await post("/v1/messages", body, headers)).status === 409;
  await until("the second to learn that it runs", second);
  expect((await first).status).toBe(200);
  const third = await post("/v1/messages", body, headers);
  expect([third.status, (await third.json()).error.details.error_code, third.headers.get("x-should-retry")]).toEqual([
    409,
    "already_completed",
    "false",
  ]);
  const other = await post("/v1/messages", { ...body, max_tokens: 9 }, headers);
  expect(other.status).toBe(422);
  await provider.play({ mode: "server_error", times: 1 });
  const failing = { "idempotency-key": "order-18" };
  expect((await post("/v1/messages", body, failing)).status).toBe(502);
  expect((await post("/v1/messages", body, failing)).status).toBe(200);
});

test("quota shows what running calls reserve, until they are settled", async () => {
  await spillway.admin("PATCH", "tenants/standard", { timeZone: zoneFarFromMidnight() });
  await provider.play({ mode: "endless", tokenMs: 5, times: 1 });
  const abort = new AbortController();
  const send = { model: "sim-small", max_tokens: 300, messages: ASK, stream: true };
  const holder = spillway.demo.keys.standard;
  const running = await spillway.chat(holder, send, { signal: abort.signal });
  const reader = running.body?.getReader();
  await reader?.read();
  const lines = async (): Promise<Record<string, number>> =>
    Object.fromEntries((await spillway.quota(holder)).map(({ name, reserved }) => [name, reserved]));
  const held = await lines();
  expect(held["concurrent-calls"]).toBe(1);
  // 300 output tokens at $0.60 per million, and the input. Buckets forget while they wait; a day does not.
  expect(held["spend-per-day"]).toBeGreaterThanOrEqual(180);
  abort.abort();
  await reader?.cancel().catch(() => undefined);
  await until("nothing to be held", async () => (await lines())["spend-per-day"] === 0);
});

test("figures for a Prometheus server: by status, ending and code, for who has the token", async () => {
  const ask = (headers: Record<string, string> = {}) => fetch(`${spillway.baseUrl}/api/metrics`, { headers });
  expect((await ask()).status).toBe(401);
  await post("/v1/messages", { model: "sim-small", max_tokens: 8, messages: ASK });
  const text = await (await ask({ authorization: `Bearer ${spillway.demo.operatorToken}` })).text();
  for (const line of [
    /^spillway_answers_total\{status="200"\} [1-9]/m,
    /^spillway_calls_total\{ending="complete"\} [1-9]/m,
    /^spillway_tokens_total\{kind="output"\} [1-9]/m,
    /^spillway_decision_seconds_count [1-9]/m,
    /^spillway_open_calls 0$/m,
    /^spillway_store_away 0$/m,
  ]) {
    expect(text).toMatch(line);
  }
  expect(text).not.toContain("enterprise");
});
