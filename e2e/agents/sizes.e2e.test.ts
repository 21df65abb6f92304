import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { raw, statusOf } from "../fixtures/raw";
import { Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";
import { codingTask } from "./brain";
import { type Recorded, recordings } from "./recorded";

const MB = 1024 * 1024;
let spillway: Spillway;
let upstream: Scripted;
let largeKey = "";
beforeAll(async () => {
  const waits = { UPSTREAM_HEADERS_SECONDS: "1", UPSTREAM_IDLE_SECONDS: "1", UPSTREAM_PING_SECONDS: "0.2" };
  const run = Spillway.run({ ...waits, UPSTREAM_EARLY_SECONDS: "1" });
  [spillway, upstream] = await Promise.all([run, Scripted.run()]);
  await upstream.serve(spillway, "up-openai");
  await upstream.serve(spillway, "up-anthropic", { dialect: "anthropic", answerSeconds: 60 });
  await upstream.serve(spillway, "patient", { answerSeconds: 60, silenceSeconds: 60 });
  const made = { tenant: "enterprise", name: "agents", bodyMbMax: 32 };
  largeKey = (await spillway.admin<{ key: string }>("POST", "keys", made)).key;
});
afterAll(async () => {
  await spillway.stop();
  upstream.stop();
});
beforeEach(() => {
  upstream.came.splice(0);
  upstream.play = codingTask("/tmp");
});

function recorded(name: string): Recorded {
  const request = recordings()
    .find((one) => one.name === name)
    ?.requests.at(0);
  if (request === undefined) throw new Error(`${name} was not recorded`);
  return request;
}

function send({ path, headers }: Recorded, key: string, body: object | string): Promise<Response> {
  return fetch(`${spillway.baseUrl}${path}`, {
    method: "POST",
    headers: { ...headers, authorization: `Bearer ${key}` },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
}

const rowOf = (answer: Response) =>
  until("its row", () => spillway.ledgerRow(answer.headers.get("x-request-id") ?? ""));

describe("bodies", () => {
  const claude = recorded("claude-code");
  const withPicture = (bytes: number) => {
    const source = { type: "base64", media_type: "image/png", data: "A".repeat(bytes) };
    const messages = [{ role: "user", content: [{ type: "image", source }] }];
    return { ...claude.body, model: "up-anthropic", messages };
  };

  test("of 24 MiB arrive from a key that may send so much", async () => {
    const answer = await send(claude, largeKey, withPicture(24 * MB));
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringContaining("message_stop")]);
    expect(upstream.came.at(-1)?.text.length).toBeGreaterThan(24 * MB);
  });

  test("are refused above a key's bound, in the caller's dialect, and the message says what raises it", async () => {
    for (const [key, length] of [
      [spillway.demo.keys.enterprise, 4 * MB + 1],
      [largeKey, 32 * MB + 1],
    ] as const) {
      const lines = ["POST /v1/messages HTTP/1.1", "Host: localhost", "Content-Type: application/json"];
      const head = [...lines, `Authorization: Bearer ${key}`, `Content-Length: ${length}`].join("\r\n");
      const answer = await raw(spillway.baseUrl, `${head}\r\n\r\n`);
      expect([statusOf(answer), answer]).toEqual([413, expect.stringContaining('"type":"request_too_large"')]);
      expect(answer).toContain("bodyMbMax");
    }
    expect(upstream.came).toEqual([]);
  });

  test("hold 600 tools and numbers of 20 digits, which arrive as they are", async () => {
    const bound = '{"type":"integer","maximum":18446744073709551615}';
    const tool = (at: number) =>
      `{"name":"mcp__server__tool_${at}","input_schema":{"type":"object","properties":{"n":${bound}}}}`;
    const tools = Array.from({ length: 600 }, (_, at) => tool(at)).join(",");
    const { tools: _own, ...rest } = { ...claude.body, model: "up-anthropic" } as Record<string, unknown>;
    const text = JSON.stringify(rest).replace(/}$/, `,"tools":[${tools}]}`);
    const answer = await send(claude, largeKey, text);
    expect([answer.status, (await answer.text()).includes("message_stop")]).toEqual([200, true]);
    expect(upstream.came.at(-1)?.text.split("18446744073709551615")).toHaveLength(601);
  });
});

test("an event of 6 MiB is passed on", async () => {
  const codex = recorded("codex");
  const picture = { id: "ig_1", type: "image_generation_call", status: "completed", result: "A".repeat(6 * MB) };
  const usage = { input_tokens: 10, output_tokens: 5, total_tokens: 15 };
  const response = { id: "r", object: "response", status: "completed", model: "m", output: [picture], usage };
  upstream.play = (answer) => {
    answer.writeHead(200, { "content-type": "text/event-stream" });
    const done = { type: "response.output_item.done", sequence_number: 0, output_index: 0, item: picture };
    answer.write(`event: ${done.type}\ndata: ${JSON.stringify(done)}\n\n`);
    const last = { type: "response.completed", sequence_number: 1, response };
    answer.end(`event: ${last.type}\ndata: ${JSON.stringify(last)}\n\n`);
  };
  // Its provider may take its time: on a busy machine a second is short for so much.
  const answer = await send(codex, largeKey, { ...codex.body, model: "patient" });
  const text = await answer.text();
  expect([answer.status, text.length > 12 * MB, text.includes("response.completed")]).toEqual([200, true, true]);
  expect(await rowOf(answer)).toMatchObject({ ending: "complete", inputTokens: 10, outputTokens: 5 });
});

describe("a provider that takes its time", () => {
  const chat = recorded("opencode-openai-compatible");
  const { stream_options: _options, ...whole } = chat.body;
  const said = (isStream: boolean) => (isStream ? chat.body : { ...whole, stream: false });
  const rest: { go: () => void } = { go: () => undefined };
  const USUAL_MS = 1000;

  /** Goes on once the usual wait is over by far. */
  function late(begin: "headers" | "silence") {
    const task = codingTask("/tmp");
    upstream.play = (response, came) => {
      if (begin === "silence") response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      rest.go = () => {
        if (begin === "silence") response.writeHead = () => response;
        task(response, came);
      };
      setTimeout(() => rest.go(), 2.5 * USUAL_MS);
    };
  }

  test.each([true, false])("has the wait of its own until it begins (stream: %s)", async (stream) => {
    late("headers");
    const answer = await send(chat, largeKey, { ...said(stream), model: "patient" });
    const text = await answer.text();
    expect([answer.status, text.includes("tool_calls")]).toEqual([200, true]);
    // Its caller gets signs of life before the provider has said anything.
    expect(text.startsWith(": keep-alive\n\n: keep-alive\n\n")).toBe(stream);
    expect(await rowOf(answer)).toMatchObject({ ending: "complete", usageSource: "provider" });
  });

  test("has its own silence, in which the caller gets signs of life", async () => {
    late("silence");
    const answer = await send(chat, largeKey, { ...chat.body, model: "patient" });
    const text = await answer.text();
    expect(text).toMatch(/^(: keep-alive\n\n){2,}data: [\s\S]*\[DONE\]/);
    expect(await rowOf(answer)).toMatchObject({ ending: "complete" });
  });

  test("without a setting of its own the process's bound ends the call, and its work is charged", async () => {
    late("headers");
    const answer = await send(chat, largeKey, { ...said(false), model: "up-openai" });
    expect([answer.status, (await answer.json()).error.code]).toEqual([504, "upstream_timeout"]);
    const row = await rowOf(answer);
    expect(row).toMatchObject({ ending: "upstream_timeout", usageSource: "counted", outputTokens: 0 });
    expect(row.inputTokens).toBeGreaterThan(100);
  });
});
