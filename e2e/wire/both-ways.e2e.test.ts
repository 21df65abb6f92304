import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answering, Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let upstream: Scripted;

const LONG_TOOL = `mcp__plugin_${"x".repeat(60)}`;

beforeAll(async () => {
  [spillway, upstream] = await Promise.all([Spillway.run(), Scripted.run()]);
  await upstream.serve(spillway, "open", { credential: "ollama" });
  await upstream.serve(spillway, "strict", { strict: true, credential: "x" });
  await upstream.serve(spillway, "claude", { dialect: "anthropic" });
});
afterAll(async () => {
  await spillway.stop();
  upstream.stop();
});
beforeEach(() => {
  upstream.came.splice(0);
  upstream.play = (response, came) => (came.path.startsWith("/v1/messages") ? MESSAGE : COMPLETION)(response, came);
});

const COMPLETION = answering(200, {
  id: "x",
  object: "chat.completion",
  created: 1,
  model: "m",
  choices: [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 },
});
const MESSAGE = answering(200, {
  id: "m1",
  type: "message",
  role: "assistant",
  model: "m",
  content: [{ type: "text", text: "ok" }],
  stop_reason: "end_turn",
  usage: { input_tokens: 1, output_tokens: 1 },
});
const ASK = { max_tokens: 50, messages: [{ role: "user", content: "hi" }] };

async function call(path: string, body: object, headers: Record<string, string> = {}) {
  const answer = await fetch(`${spillway.baseUrl}${path}`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${spillway.demo.keys.enterprise}`,
      "content-type": "application/json",
      ...headers,
    },
    body: JSON.stringify({ ...ASK, ...body }),
  });
  const { status, headers: told } = answer;
  const dropped = told.get("x-spillway-dropped");
  return { status, text: await answer.text(), requestId: told.get("x-request-id") ?? "", dropped };
}

describe("one dialect on both sides is an open list", () => {
  test("members, vendors' headers and the query go on; credentials do not", async () => {
    const headers = { "openai-beta": "responses=v1", "openai-organization": "org-theirs", "x-codex-turn": "1" };
    const body = { model: "open", chat_template_kwargs: { enable_thinking: false } };
    expect((await call("/v1/chat/completions?trace=1", body, headers)).status).toBe(200);
    const [came] = upstream.came;
    expect(came?.path).toBe("/v1/chat/completions?trace=1");
    expect(came?.headers).toMatchObject({
      "openai-beta": "responses=v1",
      "x-codex-turn": "1",
      authorization: "Bearer ollama",
    });
    expect(came?.headers).not.toHaveProperty("openai-organization");
    expect(upstream.sent()).toMatchObject({ chat_template_kwargs: { enable_thinking: false }, model: "up-model" });
  });

  test("numbers keep their digits, there and back, translated as well", async () => {
    const schema = '{"type":"object","properties":{"n":{"maximum":18446744073709551615}}}';
    const input = '{"id":12345678901234567890}';
    upstream.play = (response, came) =>
      came.path.startsWith("/v1/messages")
        ? answering(
            200,
            `{"id":"m","type":"message","content":[{"type":"tool_use","id":"t","name":"f","input":${input}}]}`,
          )(response, came)
        : COMPLETION(response, came);
    const ask = (model: string, path: string, tool: string) =>
      fetch(`${spillway.baseUrl}${path}`, {
        method: "POST",
        headers: { authorization: `Bearer ${spillway.demo.keys.enterprise}`, "content-type": "application/json" },
        body: `{"model":"${model}","max_tokens":9,"messages":[{"role":"user","content":"hi"}],"tools":[${tool}]}`,
      }).then((answer) => answer.text());
    const anthropic = `{"name":"f","input_schema":${schema}}`;
    const openai = `{"type":"function","function":{"name":"f","parameters":${schema}}}`;
    expect(await ask("claude", "/v1/messages", anthropic)).toContain(`"input":${input}`);
    expect(await ask("claude", "/v1/chat/completions", openai)).toContain(JSON.stringify(input));
    await ask("open", "/v1/messages", anthropic);
    await ask("open", "/v1/chat/completions", openai);
    expect(upstream.came.filter(({ text }) => text.includes('"maximum":18446744073709551615'))).toHaveLength(4);
  });

  test("the same holds for Anthropic's", async () => {
    const headers = { "anthropic-beta": "new-2026", "x-claude-code-session-id": "s1" };
    expect((await call("/v1/messages?beta=true", { model: "claude", mcp_servers: [] }, headers)).status).toBe(200);
    expect(upstream.came[0]?.path).toBe("/v1/messages?beta=true");
    expect(upstream.came[0]?.headers).toMatchObject(headers);
    expect(upstream.sent()).toMatchObject({ mcp_servers: [] });
  });

  test("a strict provider is sent nothing unknown, and a member that leads elsewhere goes to none", async () => {
    for (const body of [
      { model: "strict", chat_template_kwargs: {} },
      { model: "open", api_base: "https://elsewhere.example" },
    ]) {
      const { status, text } = await call("/v1/chat/completions", body);
      expect([status, JSON.parse(text).error.code]).toEqual([400, "unknown_field"]);
    }
    expect(upstream.came).toEqual([]);
    expect((await call("/v1/chat/completions", { model: "strict", seed: 1 })).status).toBe(200);
  });
});

describe("a translation keeps the content or refuses", () => {
  test("a field without a counterpart is refused by its name before anything is booked, unless it may be dropped", async () => {
    const refused = await call("/v1/messages", { model: "open", top_k: 5 });
    const { error } = JSON.parse(refused.text);
    expect([refused.status, error.type, error.details]).toMatchObject([
      ...[400, "invalid_request_error", { error_code: "field_not_translatable", param: "top_k" }],
    ]);
    expect(upstream.came).toEqual([]);
    expect(await spillway.ledgerRow(refused.requestId)).toBeNull();
    for (const drop of ["top_k", "*"]) {
      const served = await call("/v1/messages", { model: "open", top_k: 5 }, { "x-spillway-drop": drop });
      expect([served.status, served.dropped]).toEqual([200, "top_k"]);
    }
    expect(upstream.sent()).not.toHaveProperty("top_k");
    const several = {
      model: "claude",
      n: 2,
      seed: 1,
      temperature: 0.5,
      messages: [{ ...ASK.messages[0], name: "ann" }],
    };
    const lossy = await call("/v1/chat/completions", several, { "x-spillway-drop": "*, temperature, user" });
    expect([lossy.status, lossy.dropped]).toEqual([200, "temperature, n, seed, messages[].name"]);
    for (const model of ["open", "claude"]) {
      const same = model === "open" ? "/v1/chat/completions" : "/v1/messages";
      expect((await call(same, { model }, { "x-spillway-drop": "*" })).dropped).toBeNull();
    }
    expect((await call("/v1/chat/completions", { model: "claude", n: 2 })).status).toBe(400);
    expect((await call("/v1/chat/completions", { model: "claude", n: 1, top_p: 0.5 })).status).toBe(200);
    expect(upstream.sent()).toMatchObject({ top_p: 0.5, max_tokens: 50 });
  });

  test("a long tool name is shortened there and restored here; the start event carries an estimate", async () => {
    upstream.play = (response) => {
      const { name } = toolIn(upstream.sent());
      const tool = { index: 0, id: "c0", type: "function", function: { name, arguments: '{"a":1}' } };
      const chunk = (delta: object, finish: string | null) =>
        `data: ${JSON.stringify({ id: "c1", model: "m", choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.end(`${chunk({ tool_calls: [tool] }, null)}${chunk({}, "stop")}data: [DONE]\n\n`);
    };
    const tools = [{ name: LONG_TOOL, input_schema: { type: "object" } }];
    const { text } = await call("/v1/messages", { model: "open", stream: true, tools });
    expect(toolIn(upstream.sent()).name).toMatch(/^mcp__plugin_x+_[0-9a-f]{8}$/);
    expect(text).toContain(`"name":"${LONG_TOOL}"`);
    expect(text).toContain('"stop_reason":"tool_use"');
    expect(Number(/"input_tokens":(\d+)/.exec(text)?.[1])).toBeGreaterThan(5);
  });
});

function toolIn(body: Record<string, unknown>): { name: string } {
  const tools: unknown = body.tools;
  const [tool] = Array.isArray(tools) ? tools : [];
  return { name: tool?.function?.name ?? "" };
}
