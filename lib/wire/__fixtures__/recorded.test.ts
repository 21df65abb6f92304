import fs from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { Usage } from "@/lib/money/usage";
import { parseMessages } from "../anthropic/parse-messages";
import type { Call } from "../call";
import { member, parseObject } from "../json/object";
import { parseChat } from "../openai/parse-chat";
import { type ProviderDialect, pairOf } from "../pair";
import { parseResponses } from "../responses/parse-responses";

/** Streams in our own words, in these providers' shapes, and what each provider bills. */
const STREAMS: readonly (readonly [string, ProviderDialect, Usage])[] = [
  ["openai-chat", "openai", { ...tokens(1419, 1280, 330), parts: { reasoning: 320 }, serviceTier: "default" }],
  ["azure", "openai", tokens(24, 0, 11)],
  ["xai", "openai", { ...tokens(32, 6, 320), parts: { reasoning: 310 } }],
  ["mistral", "openai", tokens(18, 16, 40)],
  ["deepseek", "openai", { ...tokens(1033, 1024, 14), parts: { reasoning: 3 } }],
  ["groq", "openai", tokens(42, 0, 11)],
  ["vllm", "openai", tokens(77, 0, 11)],
  ["ollama", "openai", tokens(31, 0, 11)],
  ["gemini", "openai", tokens(9, 0, 210)],
  [
    "anthropic",
    "anthropic",
    { ...tokens(10_252, 8192, 71), parts: { cacheWrite: 1024, cacheWriteHour: 1024 } },
  ],
];

function tokens(inputTokens: number, cachedInputTokens: number, outputTokens: number): Usage {
  return { inputTokens, cachedInputTokens, outputTokens };
}

const body = { model: "asked", stream: true, messages: [{ role: "user", content: "hi" }] };
const CHAT = parseChat({ ...body, stream_options: { include_usage: true } });
const MESSAGES = parseMessages({ ...body, max_tokens: 100 });
const RESPONSES = parseResponses({ model: "asked", stream: true, input: "hi" });

function recorded(name: string): Uint8Array {
  return fs.readFileSync(path.join(import.meta.dirname, `${name}.sse`));
}

function play(call: Call, dialect: ProviderDialect, chunks: readonly Uint8Array[]) {
  const meter = pairOf(call.endpoint, dialect)?.stream({ call, outputBytesMax: 1_000_000, nowSeconds: 1, estimatedInputTokens: 7 });
  if (meter === undefined) throw new Error("there is no such way");
  const out = chunks.map((chunk) => Buffer.from(meter.feed(chunk)).toString("utf8")).join("");
  return { out, end: meter.end(), reading: meter.reading() };
}

/** The usage that the caller reads: the last event that has one. */
function toldIn(out: string): unknown {
  const events = [...out.matchAll(/^data: (\{.*)$/gm)].map(([, json = ""]) => parseObject(json));
  const usages = events.map((event) => member(event, "usage") ?? member(member(event, "response"), "usage"));
  return usages.filter((usage) => usage !== undefined && usage !== null).at(-1);
}

/** One byte at a time: cuts at every place where the network can cut. */
function sameInBytes(call: Call, dialect: ProviderDialect, bytes: Uint8Array, whole: ReturnType<typeof play>): void {
  const each = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1));
  expect(play(call, dialect, each)).toEqual(whole);
}

describe.each(STREAMS)("a stream of %s", (name, dialect, billed) => {
  const bytes = recorded(name);
  const told = { input: billed.inputTokens, cached: billed.cachedInputTokens, output: billed.outputTokens };

  test("to a caller of chat completions: to the token, wherever it is cut", () => {
    const whole = play(CHAT, dialect, [bytes]);
    expect(whole.end).toBe("done");
    expect(whole.reading.reported).toEqual(billed);
    expect(whole.reading.isPartial ?? false).toBe(false);
    expect(member(toldIn(whole.out), "prompt_tokens")).toBe(told.input);
    sameInBytes(CHAT, dialect, bytes, whole);
  });

  test("to a caller of messages: to the token, wherever it is cut", () => {
    const whole = play(MESSAGES, dialect, [bytes]);
    expect(whole.end).toBe("done");
    expect(whole.reading.reported).toEqual(billed);
    expect(toldIn(whole.out)).toMatchObject({ cache_read_input_tokens: told.cached, output_tokens: told.output });
    sameInBytes(MESSAGES, dialect, bytes, whole);
  });

  test("cut off anywhere, what was delivered is counted to a few tokens", () => {
    const text = Buffer.from(bytes).toString("utf8");
    const events = text.split(/(?<=\n\n)/);
    for (let count = 1; count < events.length - 2; count++) {
      const { reading } = play(CHAT, dialect, [Buffer.from(events.slice(0, count).join(""))]);
      const output = reading.reported?.outputTokens ?? reading.countedOutputTokens;
      expect(output).toBeLessThanOrEqual(billed.outputTokens);
    }
  });
});

test("a stream of responses: searches and the tier as well", () => {
  const bytes = recorded("openai-responses");
  const whole = play(RESPONSES, "openai", [bytes]);
  expect(whole.end).toBe("done");
  expect(whole.reading.reported).toEqual({
    ...tokens(9120, 4096, 586),
    parts: { reasoning: 512 }, uses: { web_search: 1 }, serviceTier: "default", turns: 2,
  });
  expect(toldIn(whole.out)).toMatchObject({ input_tokens: 9120, output_tokens: 586 });
  sameInBytes(RESPONSES, "openai", bytes, whole);
});

test("a stream of responses that is cut reports the searches it has seen", () => {
  const text = Buffer.from(recorded("openai-responses")).toString("utf8");
  const begun = text.slice(0, text.indexOf("event: response.output_text.delta"));
  const { reading } = play(RESPONSES, "openai", [Buffer.from(begun)]);
  expect(reading).toMatchObject({ reported: null, seen: { uses: { web_search: 1 } } });
});
