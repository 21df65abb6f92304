import http from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { Spillway } from "../fixtures/spillway";

const got: { path: string; text: string }[] = [];
const collector = http.createServer(async (request, response) => {
  let text = "";
  for await (const chunk of request) text += chunk;
  got.push({ path: request.url ?? "", text });
  response.writeHead(200).end();
});
let spillway: Spillway;

beforeAll(async () => {
  await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
  const address = collector.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  spillway = await Spillway.run({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}/` });
});
afterAll(async () => {
  await spillway.stop();
  await new Promise((resolve) => collector.close(resolve));
});

test("with a collector named, a call's span lies under its caller's, and says what it used and not what was said", async () => {
  const trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const answer = await spillway.chat(
    spillway.demo.keys.enterprise,
    { messages: [{ role: "user", content: "a secret question" }] },
    { headers: { traceparent: `00-${trace}-00f067aa0ba902b7-01` } },
  );
  expect(answer.status).toBe(200);
  const { usage } = await answer.json();
  const requestId = answer.headers.get("x-request-id") ?? "none";
  const sent = await until(
    "the span",
    () => got.find(({ path, text }) => path === "/v1/traces" && text.includes(requestId)) ?? null,
  );
  for (const part of [trace, '"parentSpanId":"00f067aa0ba902b7"', '"name":"chat sim-small"', "gen_ai.provider.name"])
    expect(sent.text).toContain(part);
  expect(sent.text).toContain(`"gen_ai.usage.output_tokens","value":{"intValue":"${usage.completion_tokens}"}`);
  // They are sent every so often, also before there was a call.
  const isHistogram = ({ path, text }: (typeof got)[number]) =>
    path === "/v1/metrics" && text.includes("gen_ai.client.token.usage");
  await until("the histograms", () => got.some(isHistogram));
  expect(got.map(({ text }) => text).join()).not.toMatch(/secret question/);
});
