import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Spillway } from "../fixtures/spillway";

const MESSAGES = [{ role: "user", content: "hello" }];

describe.each(["own", "next"])("door %s: the API is where a client's base URL leads", (door) => {
  let spillway: Spillway;
  beforeAll(async () => {
    spillway = await Spillway.run({ SPILLWAY_DOOR: door });
  });
  afterAll(() => spillway.stop());

  const send = (path: string, headers: Readonly<Record<string, string>>, body: object) =>
    fetch(`${spillway.baseUrl}${path}`, {
      method: "POST",
      redirect: "manual",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ model: "sim-small", max_tokens: 16, messages: MESSAGES, ...body }),
    });
  const bearer = () => ({ authorization: `Bearer ${spillway.demo.keys.enterprise}` });
  const anthropic = () => ({ "x-api-key": spillway.demo.keys.enterprise, "anthropic-version": "2023-06-01" });

  test.each(["", "/openai", "/openai/v1", "/api/v1", "/v1/v1"])("chat below %s", async (base) => {
    const answer = await send(`${base}/chat/completions`, bearer(), {});
    expect([answer.status, (await answer.json()).object]).toEqual([200, "chat.completion"]);
  });

  test.each(["", "/anthropic", "/anthropic/v1", "/v1/v1"])("messages below %s", async (base) => {
    for (const path of ["/messages?beta=true", "/messages/?beta=true"]) {
      const answer = await send(`${base}${path}`, anthropic(), {});
      expect([answer.status, (await answer.json()).type]).toEqual([200, "message"]);
    }
    const counted = await send(`${base}/messages/count_tokens`, anthropic(), {});
    expect((await counted.json()).input_tokens).toBeGreaterThan(0);
  });

  test.each(["/responses", "/openai/v1/responses/", "/v1/responses/"])("responses at %s", async (path) => {
    const body = { max_tokens: undefined, messages: undefined, input: "hello", max_output_tokens: 16 };
    const answer = await send(path, bearer(), body);
    expect([answer.status, (await answer.json()).object]).toEqual([200, "response"]);
  });

  test.each(["/models", "/v1/models/", "/openai/v1/models", "/anthropic/v1/models?limit=1000"])("%s", async (path) => {
    const plain = await fetch(`${spillway.baseUrl}${path}`, { headers: bearer(), redirect: "manual" });
    expect([plain.status, (await plain.json()).object]).toEqual([200, "list"]);
    const listed = await fetch(`${spillway.baseUrl}${path}`, { headers: anthropic(), redirect: "manual" });
    const { has_more, data } = await listed.json();
    expect([listed.status, has_more, data[0].type]).toEqual([200, false, "model"]);
  });

  test.each([
    ...["/v1/nothing", "/openai/v1/nothing", "/anthropic/v1/nothing", "/chat/nothing", "/nothing", "/v2/messages"],
    ...["/tenants", "/v1beta/models/x:generateContent"],
  ])("what is not at %s is said in the caller's dialect", async (path) => {
    const openai = await send(path, bearer(), {});
    expect([openai.status, (await openai.json()).error.code]).toEqual([404, "not_found"]);
    const other = await send(path, anthropic(), {});
    expect([other.status, (await other.json()).error.type]).toEqual([404, "not_found_error"]);
  });

  test.each(["/api/hello", "/api/v2/models", "/api"])(
    "a look at %s without a key is answered as a program's",
    async (path) => {
      const answer = await fetch(`${spillway.baseUrl}${path}`, { redirect: "manual" });
      expect([answer.status, (await answer.json()).error.code]).toEqual([404, "not_found"]);
      const head = await fetch(`${spillway.baseUrl}${path}`, { method: "HEAD", redirect: "manual" });
      expect([head.status, head.headers.get("content-type")]).toEqual([404, "application/json; charset=utf-8"]);
    },
  );

  test("a program's look at no path is answered as one, a browser's as a browser's", async () => {
    const program = await fetch(`${spillway.baseUrl}/v2/models`, { headers: bearer(), redirect: "manual" });
    expect([program.status, (await program.json()).error.code]).toEqual([404, "not_found"]);
    const headers = { ...bearer(), accept: "text/html" };
    const browser = await fetch(`${spillway.baseUrl}/sign-in`, { headers, redirect: "manual" });
    expect([browser.status, browser.headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  });
});
