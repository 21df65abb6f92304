import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PublicError } from "@/lib/errors";
import type { Endpoint } from "@/lib/wire/call";
import type { Exchange, Reply } from "../exchange/exchange";
import { answeredEarly, type OnWaiting } from "./early-answer";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const exchange: Exchange = {
  requestId: "req_1",
  method: "POST",
  path: "/v1/chat/completions",
  query: "",
  clientAddress: "192.0.2.1",
  header: () => undefined,
  headers: () => [],
  body: async () => undefined,
  signal: new AbortController().signal,
};
const failed: string[] = [];
const tools = {
  bounds: { failed: (_: object, code: string | null) => void failed.push(String(code)) },
  upstream: { pingMs: 15_000, earlyMs: 45_000 },
  log: { error: () => undefined },
};
const told = { "x-spillway-queue-position": "7" };

/** Serves a call that waits at once and ends after `ms`. */
function serve(
  ms: number,
  end: () => Reply,
  { stream = true, endpoint = "chat" }: { stream?: boolean; endpoint?: Endpoint } = {},
) {
  const work = async (onWaiting: OnWaiting) => {
    onWaiting(() => told);
    await new Promise((resolve) => setTimeout(resolve, ms));
    return end();
  };
  return answeredEarly(tools, { exchange, call: { stream, endpoint } }, work);
}

async function textOf({ body }: Reply): Promise<string> {
  if (body instanceof Uint8Array) return Buffer.from(body).toString();
  let text = "";
  for await (const chunk of body) text += Buffer.from(chunk).toString();
  return text;
}

const streamed = (): Reply => ({
  status: 200,
  headers: { own: "1" },
  body: (async function* () {
    yield Buffer.from("data: answer\n\n");
  })(),
});
const refused = (): Reply => {
  throw new PublicError("rate_limit_exceeded", "too long");
};

test("a call that waits for less than a span is answered as if it had not: with its own status and headers", async () => {
  const reply = serve(14_999, streamed);
  await vi.advanceTimersByTimeAsync(14_999);
  expect((await reply).headers).toEqual({ own: "1" });
  const error = serve(14_999, refused).catch((thrown: unknown) => thrown);
  await vi.advanceTimersByTimeAsync(14_999);
  expect(await error).toMatchObject({ code: "rate_limit_exceeded" });
});

test("a stream that waits for longer gets its headers then, and a sign of life at least every 15 s until its answer comes", async () => {
  const reply = serve(50_000, streamed);
  await vi.advanceTimersByTimeAsync(15_000);
  const early = await reply;
  expect([early.status, early.headers]).toEqual([200, expect.objectContaining(told)]);
  const text = textOf(early);
  await vi.advanceTimersByTimeAsync(35_000);
  expect(await text).toBe(`${": keep-alive\n\n".repeat(3)}data: answer\n\n`);
});

test.each([
  ["chat", /^: keep-alive\n\ndata: \{"error":.*"too long.*\}\n\ndata: \[DONE\]\n\n$/],
  ["responses", /^: keep-alive\n\nevent: error\ndata: .*"too long.*\n\nevent: response\.failed\n/],
  ["messages", /^event: ping\ndata: .*\n\nevent: error\ndata: .*"too long.*\n\n$/],
] as const)("a refusal after that is an error in the stream of %s", async (endpoint, expected) => {
  const reply = serve(20_000, refused, { endpoint });
  await vi.advanceTimersByTimeAsync(15_000);
  const text = textOf(await reply);
  await vi.advanceTimersByTimeAsync(5000);
  expect(await text).toMatch(expected);
  expect(failed.at(-1)).toBe("rate_limit_exceeded");
});

test("an answer in one piece has no place for a sign of life: it waits without", async () => {
  const error = serve(200_000, refused, { stream: false }).catch((thrown: unknown) => thrown);
  await vi.advanceTimersByTimeAsync(200_000);
  expect(await error).toMatchObject({ code: "rate_limit_exceeded" });
});

test("a stream whose provider is silent gets its headers after a longer wait, so that errors keep their status until then", async () => {
  const serveAtProvider = (ms: number, end: () => Reply) =>
    answeredEarly(tools, { exchange, call: { stream: true, endpoint: "messages" } }, async (onWaiting) => {
      onWaiting(() => told, "atProvider");
      await new Promise((resolve) => setTimeout(resolve, ms));
      return end();
    });
  const error = serveAtProvider(44_999, refused).catch((thrown: unknown) => thrown);
  await vi.advanceTimersByTimeAsync(44_999);
  expect(await error).toMatchObject({ code: "rate_limit_exceeded" });
  const reply = serveAtProvider(300_000, streamed);
  await vi.advanceTimersByTimeAsync(45_000);
  const text = textOf(await reply);
  await vi.advanceTimersByTimeAsync(255_000);
  expect((await text).match(/event: ping/g)).toHaveLength(17);
  expect(vi.getTimerCount()).toBe(0);
});
