import http from "node:http";
import { afterEach, expect, test } from "vitest";
import { z } from "zod";
import type { LedgerInsert } from "@/db/queries/books/record";
import { makeLog } from "@/lib/log";
import { Telemetry } from "./telemetry";

/** A collector that keeps what it gets, and answers as the test says. */
async function collector() {
  const got: { path: string; headers: http.IncomingHttpHeaders; body: unknown }[] = [];
  const answer = { status: 200 };
  const server = http.createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    got.push({ path: request.url ?? "", headers: request.headers, body: JSON.parse(text) });
    response.writeHead(answer.status, { "content-type": "application/json" }).end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  closing.push(() => new Promise((resolve) => server.close(() => resolve())));
  return { got, answer, url: `http://127.0.0.1:${port}` };
}
const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

const telemetryTo = (url: string) =>
  new Telemetry({
    settings: { url, headers: { "x-api-key": "collector's" }, serviceName: "gate" },
    instance: "i_1",
    release: "1.2.3",
    clock: { now: () => 1_795_000_002_000 },
    log: makeLog("silent"),
  });

const row = (more: Partial<LedgerInsert> = {}): LedgerInsert => ({
  requestId: "req_1",
  tenantId: "t_1",
  tierId: "tier",
  keyId: "key",
  keyFamilyId: "key",
  userDigest: "u",
  endpoint: "messages",
  askedModel: "large",
  servedModel: "small",
  providerId: "anthropic",
  degradation: "cheaper",
  policyVersion: 1,
  stream: true,
  estimatedInputTokens: 10,
  reservedOutputTokens: 256,
  inputTokens: 12,
  cachedInputTokens: 0,
  outputTokens: 70,
  usageSource: "provider",
  costMicroUsd: 42,
  inputPrice: 1,
  cachedInputPrice: 1,
  outputPrice: 1,
  ending: "complete",
  upstreamStatus: 200,
  upstreamHeadersMs: 5,
  totalMs: 1500,
  instanceId: "i_1",
  admittedAt: new Date(1_795_000_000_000),
  endedAt: new Date(1_795_000_001_500),
  ...more,
});

const spans = z.object({
  resourceSpans: z.array(
    z.object({ scopeSpans: z.array(z.object({ spans: z.array(z.record(z.string(), z.unknown())) })) }),
  ),
});
const metrics = z.object({
  resourceMetrics: z.array(
    z.object({
      scopeMetrics: z.array(
        z.object({
          metrics: z.array(
            z.object({
              name: z.string(),
              unit: z.string(),
              histogram: z.object({
                aggregationTemporality: z.number(),
                dataPoints: z.array(z.record(z.string(), z.unknown())),
              }),
            }),
          ),
        }),
      ),
    }),
  ),
});

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT = "00f067aa0ba902b7";

test("a call is one span with the attributes of the conventions, under the caller's span", async () => {
  const { got, url } = await collector();
  const telemetry = telemetryTo(url);
  telemetry.begun("req_1", `00-${TRACE}-${PARENT}-01`);
  telemetry.ended(row());
  telemetry.ended(row({ requestId: "req_2", ending: "upstream_timeout", upstreamStatus: null }));
  await telemetry.stop();
  expect(got.map(({ path }) => path)).toEqual(["/v1/traces", "/v1/metrics"]);
  expect(got[0]?.headers).toMatchObject({ "content-type": "application/json", "x-api-key": "collector's" });
  expect(got[0]?.body).toMatchObject({
    resourceSpans: [{ resource: { attributes: [{ key: "service.name", value: { stringValue: "gate" } }, {}, {}] } }],
  });
  const [one, two] = spans.parse(got[0]?.body).resourceSpans[0]?.scopeSpans[0]?.spans ?? [];
  expect(one).toMatchObject({
    traceId: TRACE,
    parentSpanId: PARENT,
    spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
    kind: 3,
    name: "chat large",
    startTimeUnixNano: "1795000000000000000",
    endTimeUnixNano: "1795000001500000000",
    status: { code: 0 },
    attributes: expect.arrayContaining([
      { key: "gen_ai.operation.name", value: { stringValue: "chat" } },
      { key: "gen_ai.provider.name", value: { stringValue: "anthropic" } },
      { key: "gen_ai.request.model", value: { stringValue: "large" } },
      { key: "gen_ai.response.model", value: { stringValue: "small" } },
      { key: "gen_ai.usage.input_tokens", value: { intValue: "12" } },
      { key: "gen_ai.usage.output_tokens", value: { intValue: "70" } },
      { key: "spillway.cost_micro_usd", value: { intValue: "42" } },
    ]),
  });
  expect(two).toMatchObject({
    traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
    status: { code: 2, message: "upstream_timeout" },
    attributes: expect.arrayContaining([{ key: "error.type", value: { stringValue: "upstream_timeout" } }]),
  });
  expect(two).not.toHaveProperty("parentSpanId");
});

test("calls are counted in two histograms, which name no tenant and no key", async () => {
  const { got, url } = await collector();
  const telemetry = telemetryTo(url);
  telemetry.ended(row());
  telemetry.ended(row({ requestId: "req_2", totalMs: 200_000, tenantId: "t_2" }));
  await telemetry.stop();
  const all = metrics.parse(got[1]?.body).resourceMetrics[0]?.scopeMetrics[0]?.metrics ?? [];
  expect(all.map(({ name, unit }) => [name, unit])).toEqual([
    ["gen_ai.client.operation.duration", "s"],
    ["gen_ai.client.token.usage", "{token}"],
  ]);
  const [duration, tokens] = all;
  expect(duration?.histogram).toMatchObject({ aggregationTemporality: 2, dataPoints: [{ count: "2", sum: 201.5 }] });
  // 1.5 s is at most 2.56 s; 200 s is above the last bound.
  const counts = Array.from({ length: 15 }, (_, bucket) => (bucket === 8 || bucket === 14 ? "1" : "0"));
  expect(duration?.histogram.dataPoints[0]?.bucketCounts).toEqual(counts);
  expect(tokens?.histogram.dataPoints.map(({ count, sum }) => [count, sum])).toEqual([
    ["2", 24],
    ["2", 140],
  ]);
  expect(JSON.stringify(got[1]?.body)).not.toMatch(/t_1|t_2|"key"\s*:\s*"spillway/);
});

test("a caller that does not want its call traced is not; its call is counted", async () => {
  const { got, url } = await collector();
  const telemetry = telemetryTo(url);
  telemetry.begun("req_1", `00-${TRACE}-${PARENT}-00`);
  telemetry.ended(row());
  await telemetry.stop();
  expect(got.map(({ path }) => path)).toEqual(["/v1/metrics"]);
});

test("a collector that refuses or is away costs nothing but its spans", async () => {
  const { got, answer, url } = await collector();
  const telemetry = telemetryTo(url);
  answer.status = 503;
  telemetry.ended(row());
  await telemetry.send();
  answer.status = 200;
  telemetry.ended(row({ requestId: "req_2" }));
  await telemetry.stop();
  expect(got.map(({ path }) => path)).toEqual(["/v1/traces", "/v1/traces", "/v1/metrics"]);
  expect(JSON.stringify(got[1]?.body)).not.toContain("req_1");
  const away = telemetryTo("http://127.0.0.1:9");
  away.ended(row());
  await away.stop();
});
