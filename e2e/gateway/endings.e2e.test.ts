import net from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../fixtures/process";
import { Provider } from "../fixtures/simulator";
import { type LedgerRow, Spillway } from "../fixtures/spillway";

let spillway: Spillway;
let provider: Provider;
let key: string;

beforeAll(async () => {
  [spillway, provider] = await Promise.all([Spillway.run(), Provider.run()]);
  await provider.serve(spillway);
  key = spillway.demo.keys.enterprise;
});
afterAll(async () => {
  await spillway.stop();
  await provider.stop();
});

type Case = {
  readonly name: string;
  readonly play: Readonly<Record<string, unknown>>;
  readonly stream: boolean;
  /** usage reported as the answer goes along, or only at its end */
  readonly continuousUsage?: boolean;
  readonly status: number;
  readonly code: string | null;
  readonly row: Partial<LedgerRow>;
  readonly headers?: Readonly<Record<string, string>>;
};

const SHORT = { answerSeconds: 1, silenceSeconds: 1 };
const CASES: readonly Case[] = [
  {
    name: "complete",
    play: {},
    stream: true,
    status: 200,
    code: null,
    row: { ending: "complete", usageSource: "provider", outputTokens: 16 },
  },
  {
    name: "complete without usage: counted by us",
    play: { mode: "no_usage" },
    stream: true,
    continuousUsage: false,
    status: 200,
    code: null,
    row: { ending: "complete", usageSource: "counted", outputTokens: 16 },
  },
  ...[true, false].map((stream) => ({
    name: `a report of a million tokens for a cap of 16: charged up to what is possible (stream: ${stream})`,
    play: { mode: "overstates_usage" },
    stream,
    status: 200,
    code: null,
    row: { ending: "complete", usageSource: "clamped", outputTokens: 16 },
  })),
  {
    name: "provider 429",
    play: { mode: "rate_limited", retryAfterSeconds: 7 },
    stream: true,
    status: 429,
    code: "upstream_rate_limited",
    row: { ending: "upstream_refused", usageSource: "none", inputTokens: 0, outputTokens: 0, costMicroUsd: 0 },
    headers: { "retry-after": "7" },
  },
  {
    name: "provider 500",
    play: { mode: "server_error" },
    stream: false,
    status: 502,
    code: "upstream_error",
    row: { ending: "upstream_refused", usageSource: "none", costMicroUsd: 0 },
  },
  {
    name: "provider never answers",
    play: { mode: "hang" },
    stream: false,
    status: 504,
    code: "upstream_timeout",
    row: { ending: "upstream_timeout", usageSource: "counted", outputTokens: 0 },
  },
  {
    name: "provider falls silent in the stream",
    play: { mode: "hang_after", afterTokens: 3 },
    stream: true,
    status: 200,
    code: "upstream_timeout",
    row: { ending: "upstream_timeout", usageSource: "partial", outputTokens: 3 },
  },
  {
    name: "provider cuts the stream",
    play: { mode: "cut_after", afterTokens: 4 },
    stream: true,
    status: 200,
    code: "upstream_error",
    row: { ending: "upstream_cut", usageSource: "partial", outputTokens: 4 },
  },
  {
    name: "provider cuts the stream without usage",
    play: { mode: "cut_after", afterTokens: 4 },
    stream: true,
    continuousUsage: false,
    status: 200,
    code: "upstream_error",
    row: { ending: "upstream_cut", usageSource: "counted", outputTokens: 4 },
  },
  {
    name: "provider sends garbage",
    play: { mode: "garbage_after", afterTokens: 2 },
    stream: true,
    status: 200,
    code: "upstream_protocol_error",
    row: { ending: "upstream_protocol_error", usageSource: "partial", outputTokens: 2 },
  },
];

describe.each(CASES)("ending: $name", ({ play, stream, status, code, row, headers, continuousUsage = true }) => {
  test("the caller gets the error, the books are right, the slot is free", async () => {
    // A second is too short a wait for a provider that answers, on a busy machine.
    const hangs = String(play.mode).startsWith("hang");
    await provider.serve(spillway, { continuousUsage, ...(hangs ? { waits: SHORT } : {}) });
    await provider.play({ ...play, times: 1 });
    const response = await spillway.chat(key, { stream });
    const text = await response.text();
    expect(response.status).toBe(status);
    expect(Object.fromEntries(Object.keys(headers ?? {}).map((name) => [name, response.headers.get(name)]))).toEqual(
      headers ?? {},
    );
    if (code !== null) expect(errorIn(text)).toMatchObject({ code });
    else if (stream) expect(text.trimEnd().endsWith("data: [DONE]")).toBe(true);
    const requestId = response.headers.get("x-request-id") ?? "";
    expect(await until("the ledger row", () => spillway.ledgerRow(requestId))).toMatchObject(row);
    expect(await concurrent()).toBe(0);
  });
});

test("a provider that nobody can reach is 502, with a row and nothing charged", async () => {
  await spillway.admin("PUT", "providers/simulator", {
    name: "Simulator",
    baseUrl: "http://127.0.0.1:9/v1",
    allowLocal: true,
  });
  const response = await spillway.chat(key);
  expect([response.status, (await response.json()).error.code]).toEqual([502, "upstream_error"]);
  const row = await until("the row", () => spillway.ledgerRow(response.headers.get("x-request-id") ?? ""));
  expect(row).toMatchObject({ ending: "upstream_error", costMicroUsd: 0, upstreamStatus: null });
  expect(await concurrent()).toBe(0);
});

test("a private address is refused for a provider that may not be local", async () => {
  await expect(
    spillway.admin("PUT", "providers/simulator", { name: "x", baseUrl: "http://127.0.0.1:9/v1" }),
  ).rejects.toThrow("must begin with https://");
  await expect(
    spillway.admin("PUT", "providers/simulator", { name: "x", baseUrl: "https://127.0.0.1:9/v1" }),
  ).rejects.toThrow("is not a public address");
  await spillway.admin("PUT", "providers/simulator", { name: "x", baseUrl: "https://localhost:9/v1" });
  expect((await spillway.chat(key)).status).toBe(502);
});

test("a reader that leaves mid-stream stops the provider, whatever the provider is doing", async () => {
  await provider.serve(spillway);
  await provider.play({ mode: "endless", tokenMs: 2, times: 1 });
  const abort = new AbortController();
  const response = await spillway.chat(key, { stream: true }, { signal: abort.signal });
  const reader = response.body?.getReader();
  await reader?.read();
  abort.abort();
  const requestId = response.headers.get("x-request-id") ?? "";
  expect((await provider.billOf(requestId)).aborted).toBe(true);
  const row = await until("the row", () => spillway.ledgerRow(requestId));
  expect(row).toMatchObject({ ending: "client_abort", usageSource: "partial" });
  expect(row.outputTokens).toBeGreaterThan(0);
  expect(await concurrent()).toBe(0);
});

test("a hundred callers that leave at any moment leave no slot behind, and one row per call that reached the provider", async () => {
  await provider.serve(spillway);
  await provider.play({ tokenMs: 1, outputTokens: 16, times: 100 });
  const seed = Date.now() % 100_000;
  const port = Number(new URL(spillway.baseUrl).port);
  const body = JSON.stringify({
    model: "sim-small",
    stream: true,
    max_tokens: 16,
    messages: [{ role: "user", content: "hi" }],
  });
  const request = `POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const leave = (index: number) =>
    new Promise<void>((resolve) => {
      const socket = net.connect(port, "127.0.0.1", () => {
        socket.write(request);
        setTimeout(() => socket.resetAndDestroy(), ((seed + index * 7919) % 40) / 2);
      });
      socket.on("error", () => undefined);
      socket.on("data", () => undefined);
      socket.on("close", () => resolve());
    });
  const before = new Set((await provider.bills()).map((bill) => bill.requestId));
  for (let batch = 0; batch < 5; batch++)
    await Promise.all(Array.from({ length: 20 }, (_, index) => leave(batch * 20 + index)));
  await spillway.accepted();
  await until(`the slots to be free (seed ${seed})`, async () => (await concurrent()) === 0);
  const bills = (await provider.bills()).filter((bill) => !before.has(bill.requestId));
  for (const bill of bills)
    expect(await until("its row", () => spillway.ledgerRow(bill.requestId)), `seed ${seed}`).toMatchObject({
      tenant: "enterprise",
    });
});

test("a provider that never stops is cut off at the byte cap", async () => {
  await provider.play({ mode: "endless", times: 1 });
  const text = await (await spillway.chat(key, { stream: true })).text();
  expect(errorIn(text)).toMatchObject({ code: "upstream_protocol_error" });
  // Room for one event of 16 MiB, 1 MiB, and about 1 kB for each token that was asked for.
  expect(text.length).toBeLessThan(20_000_000);
});

async function concurrent(): Promise<number | undefined> {
  return (await spillway.quota(key)).find((limit) => limit.name === "concurrent-calls")?.used;
}

/** The error object of a body or of the last frames of a stream. */
function errorIn(text: string): unknown {
  if (!text.includes("data: ")) return JSON.parse(text).error;
  const frames = text.split("\n\n").filter(Boolean);
  expect(frames.at(-1)).toBe("data: [DONE]");
  return JSON.parse(frames.at(-2)?.replace(/^data: /, "") ?? "{}").error;
}

test("a stream's first token is dated, in its row and in the request log; an answer in one piece has none", async () => {
  await provider.play({ tokenMs: 100, outputTokens: 5 });
  const ask = async (path: string, stream: boolean) => {
    const body = { model: "sim-small", max_tokens: 8, messages: [{ role: "user", content: "hello" }], stream };
    const answer = await fetch(`${spillway.baseUrl}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    await answer.text();
    return answer.headers.get("x-request-id") ?? "";
  };
  const asked = [ask("/v1/messages", true), ask("/v1/chat/completions", true), ask("/v1/chat/completions", false)];
  const [messages = "", chat = "", whole = ""] = await Promise.all(asked);
  for (const id of [messages, chat]) {
    const row = await until("the row", () => spillway.ledgerRow(id));
    const { upstreamHeadersMs, firstTokenMs, totalMs } = row;
    expect(firstTokenMs ?? -1, id).toBeGreaterThanOrEqual(upstreamHeadersMs ?? 0);
    // Four more tokens follow it.
    expect(firstTokenMs ?? totalMs, id).toBeLessThan(totalMs);
  }
  const row = await until("the row", () => spillway.ledgerRow(whole));
  expect(row.firstTokenMs).toBeNull();
  type Lines = { requests: { requestId: string; firstTokenMs: number | null }[] };
  const { requests } = await spillway.admin<Lines>("GET", "requests?size=20");
  const dated = new Map(requests.map((one) => [one.requestId, one.firstTokenMs !== null]));
  expect([messages, chat, whole].map((id) => dated.get(id))).toEqual([true, true, false]);
  await provider.play({});
});
