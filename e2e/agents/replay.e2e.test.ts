import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { Scripted } from "../fixtures/scripted";
import { Spillway } from "../fixtures/spillway";
import { codingTask } from "./brain";
import { type Recorded, recordings } from "./recorded";

let spillway: Spillway;
let upstream: Scripted;
beforeAll(async () => {
  [spillway, upstream] = await Promise.all([Spillway.run(), Scripted.run()]);
  await upstream.serve(spillway, "up-openai");
  await upstream.serve(spillway, "up-anthropic", { dialect: "anthropic" });
  upstream.play = codingTask("/tmp");
});
afterAll(async () => {
  await spillway.stop();
  upstream.stop();
});

/** Sends what an agent sent, as it was recorded but for what a test changes. */
async function replay({ path, headers, body }: Recorded, more: object = {}): Promise<Response> {
  upstream.came.splice(0);
  const key = spillway.demo.keys.enterprise;
  return fetch(`${spillway.baseUrl}${path}`, {
    method: "POST",
    headers: { ...headers, "x-api-key": key, authorization: `Bearer ${key}` },
    body: JSON.stringify({ ...body, ...more }),
  });
}

const ofAnthropic = ({ path }: Recorded) => path.startsWith("/v1/messages");
const ofResponses = ({ path }: Recorded) => path.startsWith("/v1/responses");
/** Written by us on every call: the provider's name of the model, the cap that was admitted, and the request for usage. */
const OURS = ["model", "max_tokens", "max_output_tokens", "stream_options"];
const without = (body: object) => Object.fromEntries(Object.entries(body).filter(([name]) => !OURS.includes(name)));

const all = recordings().flatMap(({ name, requests }) =>
  requests.map((request, at) => [`${name}, ${at === 0 ? "first" : "last"} call`, request] as const),
);

describe.each(all)("%s", (_name, request) => {
  const own = ofAnthropic(request) ? "up-anthropic" : "up-openai";
  const other = ofAnthropic(request) ? "up-openai" : "up-anthropic";

  test("arrives at a provider of its dialect with every member, its query and its vendor's headers", async () => {
    const answer = await replay(request, { model: own });
    const text = await answer.text();
    expect([answer.status, text]).toEqual([
      200,
      expect.stringContaining(text.includes("[DONE]") ? "[DONE]" : "event: "),
    ]);
    const [came] = upstream.came;
    expect(came?.path).toBe(request.path);
    expect(without(upstream.sent())).toEqual(without(request.body));
    const vendors = Object.entries(request.headers).filter(([name]) =>
      /^(anthropic|openai|x-claude|x-codex)-/.test(name),
    );
    expect(came?.headers).toMatchObject(Object.fromEntries(vendors));
    const id = answer.headers.get("x-request-id") ?? "";
    const row = await until("its row", () => spillway.ledgerRow(id));
    expect(row).toMatchObject({ ending: "complete", inputTokens: 1200, outputTokens: 30, usageSource: "provider" });
  });

  test.skipIf(ofResponses(request))("is answered by a provider of the other dialect", async () => {
    const answer = await replay(request, { model: other });
    expect([answer.status, await answer.text()]).toEqual([
      200,
      expect.stringMatching(/tool_use|tool_calls|end_turn|stop/),
    ]);
  });
});
