import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answering, Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let upstream: Scripted;

// The model is called as the provider calls it ("up-model"), so nothing has to change.
beforeAll(async () => {
  [spillway, upstream] = await Promise.all([Spillway.run(), Scripted.run()]);
  await upstream.serve(spillway, "up-model");
  await upstream.serve(spillway, "strict", { strict: true });
  await upstream.serve(spillway, "up-claude", { dialect: "anthropic" });
});
afterAll(async () => {
  await spillway.stop();
  upstream.stop();
});
beforeEach(() => {
  upstream.came.splice(0);
  upstream.play = answering(200, {});
});

/** Sends these bytes and gives back those that came. */
async function through(path: string, text: string): Promise<string | undefined> {
  const answer = await fetch(`${spillway.baseUrl}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${spillway.demo.keys.enterprise}`, "content-type": "application/json" },
    body: text,
  });
  await answer.text();
  return upstream.came.at(-1)?.text;
}

test("a trace context reaches the provider in either dialect; what is not sound, and baggage, does not", async () => {
  await upstream.serve(spillway, "traced", { coolsDown: false });
  const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const headers = { authorization: `Bearer ${spillway.demo.keys.enterprise}`, "content-type": "application/json" };
  const came = async (path: string, trace: Record<string, string>) => {
    const body = JSON.stringify({ model: "traced", max_tokens: 9, messages: [{ role: "user", content: "hi" }] });
    await (
      await fetch(`${spillway.baseUrl}${path}`, { method: "POST", headers: { ...headers, ...trace }, body })
    ).text();
    const { traceparent: parent, tracestate: state, baggage } = upstream.came.at(-1)?.headers ?? {};
    return { parent, state, baggage };
  };
  const sound = { traceparent, tracestate: "a=1", baggage: "user=mia" };
  for (const path of ["/v1/chat/completions", "/v1/messages"])
    expect(await came(path, sound)).toEqual({ parent: traceparent, state: "a=1", baggage: undefined });
  const broken = { traceparent: traceparent.replace("00-", "ff-"), tracestate: "a=1" };
  expect(await came("/v1/chat/completions", broken)).toEqual({
    parent: undefined,
    state: undefined,
    baggage: undefined,
  });
});

const ODD = `"new":{"z":1,"a":18446744073709551615,"n":null,"é":"\\u00e9\\/漢"}, "temperature" : 1.0`;
const MESSAGES = `"messages":[{"content":"hi","role":"user","later":1e2}]`;

describe("a body in which nothing has to change reaches a provider of its dialect byte for byte", () => {
  test.each([
    ["/v1/chat/completions", `{ "seed":null,${MESSAGES},\n ${ODD} , "max_tokens":50.0,"model":"up-model"}\n`],
    [
      "/v1/chat/completions",
      `{"stream":true,"stream_options":{ "include_usage":true},${MESSAGES},${ODD},"max_tokens":5,"model":"up-model"}`,
    ],
    [
      "/v1/responses",
      `{"store" :false,"input":"hi",${ODD},"top_p":null,"max_output_tokens":9,"model":"up\\u002dmodel"}`,
    ],
    ["/v1/embeddings", `{"input":["a", "b"],"dimensions":null,"new":[1.50],"model":"up-model" }`],
    ["/v1/messages", `{${MESSAGES},"top_k":null,${ODD},"max_tokens":9,"model":"up-model"}`],
    ["/v1/messages/count_tokens", `{${MESSAGES},"system":null,${ODD},"model":"up-model"}`],
  ])("%s %s", async (path, text) => {
    const isAnthropic = path.startsWith("/v1/messages");
    if (isAnthropic) await modelOf("up-claude");
    expect(await through(path, text)).toBe(text);
    if (isAnthropic) await modelOf("up-model");
  });

  test.each([
    [
      "/v1/chat/completions",
      `{ "model": "strict" ,${MESSAGES}, "seed":null,"max_completion_tokens":7,"stream":true}`,
      `{ "model": "up-model" ,${MESSAGES},"stream":true,"max_tokens":7,"stream_options":{"include_usage":true}}`,
    ],
    [
      "/v1/messages",
      `{"max_tokens":9,${MESSAGES}, "top_k":null, "model":"up-claude" , ${ODD}}`,
      `{"max_tokens":9,${MESSAGES}, "top_k":null, "model":"up-model" , ${ODD}}`,
    ],
    ["/v1/embeddings", `{"model":"strict","input":"a" }`, `{"model":"up-model","input":"a" }`],
  ])("only what has to change does: %s %s", async (path, text, expected) => {
    expect(await through(path, text)).toBe(expected);
  });
});

/** "up-model" is a model of this provider from now on. */
function modelOf(provider: string): Promise<object> {
  return spillway.admin("PUT", "models/up-model", {
    provider,
    upstreamName: "up-model",
    contextTokens: 400_000,
    maxOutputTokens: 65_536,
    defaultOutputTokens: 1024,
    price: { inputMicroUsdPerMillion: 1_000_000, outputMicroUsdPerMillion: 5_000_000 },
  });
}
