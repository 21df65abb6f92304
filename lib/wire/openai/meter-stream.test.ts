import { describe, expect, test } from "vitest";
import fc from "@/lib/fuzz/properties.suite";
import { meterChatStream } from "./meter-stream";

const chunk = (delta: object, more: object = {}) =>
  `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", model: "up", choices: [{ index: 0, delta, finish_reason: null }], ...more })}\n\n`;
const usage = (input: number, output: number, more: object = {}) => ({
  usage: { prompt_tokens: input, completion_tokens: output, ...more },
});
const totals = (input: number, output: number) =>
  `data: ${JSON.stringify({ id: "1", model: "up", choices: [], ...usage(input, output) })}\n\n`;
const DONE = "data: [DONE]\n\n";

const encoder = new TextEncoder();

function meter(wantsUsage = false) {
  return meterChatStream({ wantsUsage, model: "up", outputBytesMax: 1_000_000 });
}

function play(text: string, wantsUsage = false, cuts: readonly number[] = []) {
  const one = meter(wantsUsage);
  const bytes = encoder.encode(text);
  const edges = [0, ...[...cuts].map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  let out = "";
  const decoder = new TextDecoder();
  for (let part = 1; part < edges.length; part++) {
    out += decoder.decode(one.feed(bytes.slice(edges[part - 1], edges[part])), { stream: true });
  }
  return { out, end: one.end(), reading: one.reading() };
}

const WORDS = ["water ", "überläuft ", "堰 ", "🌊 ", "finds"];
const STREAM = `: hello\n\n${WORDS.map((content) => chunk({ content })).join("")}${totals(7, 5)}${DONE}`;

describe("headers that pass", () => {
  test("events go through byte for byte; the usage nobody asked for does not", () => {
    const { out, end, reading } = play(STREAM);
    expect(out).toBe(`: hello\n\n${WORDS.map((content) => chunk({ content })).join("")}${DONE}`);
    expect(end).toBe("done");
    expect(reading).toEqual({
      reported: { inputTokens: 7, cachedInputTokens: 0, outputTokens: 5 },
      made: [],
      countedOutputTokens: 5,
      hasContent: true,
      seen: { uses: {} },
    });
  });

  test("a caller that asked gets the totals once", () => {
    expect(play(STREAM, true).out).toContain(totals(7, 5));
  });

  const finish = (more: object = {}) =>
    chunk({}, { choices: [{ index: 0, delta: {}, finish_reason: "stop" }], ...more });

  test("usage on the chunk that finishes passes to a caller that asked", () => {
    const last = finish(usage(16_111, 2, { prompt_tokens_details: { cached_tokens: 15_872 } }));
    expect(play(`${chunk({ content: "a" })}${last}${DONE}`, true).out).toBe(`${chunk({ content: "a" })}${last}${DONE}`);
    expect(play(`${chunk({ content: "a" })}${last}${DONE}`).out).toBe(`${chunk({ content: "a" })}${finish()}${DONE}`);
  });

  test.each([
    ["in every chunk", finish(usage(7, 2))],
    ["in every chunk and again at the end", `${finish(usage(7, 2))}${totals(7, 2)}`],
    ["before the end only", finish()],
    ["in Groq's extension", finish({ x_groq: { id: "r", ...usage(7, 2) } })],
  ])("usage %s comes to a caller that asked once, at the end", (_name, last) => {
    const { out, reading } = play(`${chunk({ content: "a" }, usage(7, 2))}${last}${DONE}`, true);
    const usages = [...out.matchAll(/^data: (\{.*)$/gm)]
      .map(([, json = ""]) => JSON.parse(json))
      .filter((one) => one.usage);
    expect(usages).toMatchObject([{ choices: [], model: "up", ...usage(7, 2) }]);
    expect(out.endsWith(DONE)).toBe(true);
    expect(reading.reported).toMatchObject({ inputTokens: 7, outputTokens: 2 });
  });

  test("output after the last report of a stream that reports as it runs is counted", () => {
    const { reading } = play(
      `${chunk({ content: "a" }, usage(7, 1))}${chunk({ content: "b" })}${chunk({ content: "c" })}`,
    );
    expect(reading.reported?.outputTokens).toBe(3);
  });

  test("running usage is ours alone", () => {
    const { out, reading } = play(
      `${chunk({ content: "a" }, usage(7, 1))}${chunk({ content: "b" }, usage(7, 2))}${DONE}`,
    );
    expect(out).not.toContain("usage");
    expect(reading.reported?.outputTokens).toBe(2);
  });

  test("null usage fields are dropped, as some clients stumble over them", () => {
    expect(play(chunk({ content: "a" }, { usage: null })).out).toBe(chunk({ content: "a" }));
  });

  test("the caller sees the model it asked for", () => {
    const one = meterChatStream({ wantsUsage: false, model: "asked", outputBytesMax: 1000 });
    expect(new TextDecoder().decode(one.feed(encoder.encode(chunk({ content: "a" }))))).toContain('"model":"asked"');
  });
});

test("where the network cuts the bytes changes nothing", () => {
  const whole = play(STREAM);
  for (const ending of ["\n", "\r\n"]) {
    const text = STREAM.replaceAll("\n", ending);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 40 }), (cuts) => {
        expect(play(text, false, cuts)).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  }
});

describe("how it ends", () => {
  const some = chunk({ content: "a" });
  test.each([
    ["nothing more came", some, "cut"],
    ["cut inside an event", some + some.slice(0, 20), "cut"],
    ["not JSON", `${some}data: {bad\n\n`, "protocol_error"],
    ["an HTML page", "data: <html>\n\n", "protocol_error"],
    ["a list", "data: []\n\n", "protocol_error"],
    ["an error of the provider", `${some}data: {"error":{"message":"secret org-123"}}\n\n`, "upstream_error"],
    ["done", some + DONE, "done"],
    ["something after done", some + DONE + some, "done"],
    ["more than 16 MiB without an event", "x".repeat(16 * 1_048_576 + 1), "too_large"],
  ])("%s: %s", (_name, text, end) => {
    const played = play(text);
    expect(played.end).toBe(end);
    expect(played.out).not.toContain("secret");
    expect(played.out.split(some).length - 1).toBeLessThanOrEqual(1);
  });

  test("more bytes than the answer can have", () => {
    const one = meterChatStream({ wantsUsage: false, model: "up", outputBytesMax: 1000 });
    for (let index = 0; index < 10; index++) one.feed(encoder.encode(some));
    expect(one.end()).toBe("too_large");
  });
});

describe("usage that cannot be believed is not", () => {
  test.each([
    ["negative", { prompt_tokens: -1_000_000, completion_tokens: 5 }],
    ["text", { prompt_tokens: "12", completion_tokens: 5 }],
    ["a fraction", { prompt_tokens: 3.7, completion_tokens: 5 }],
    ["absurd", { prompt_tokens: 1e15, completion_tokens: 5 }],
    ["null", null],
  ])("%s", (_name, value) => {
    const { reading } = play(
      `${chunk({ content: "a" })}data: ${JSON.stringify({ choices: [], usage: value })}\n\n${DONE}`,
    );
    expect(reading).toMatchObject({ reported: null, countedOutputTokens: 1 });
  });

  test("cached tokens are part of the input, never more than it", () => {
    const { reading } = play(
      `data: ${JSON.stringify({ choices: [], ...usage(10, 1, { prompt_tokens_details: { cached_tokens: 99 } }) })}\n\n${DONE}`,
    );
    expect(reading.reported?.cachedInputTokens).toBe(10);
  });

  test("a figure that is left out is unknown, the rest is believed", () => {
    const { reading } = play(`data: ${JSON.stringify({ choices: [], usage: { completion_tokens: 5 } })}\n\n${DONE}`);
    expect(reading.reported).toEqual({ inputTokens: 0, cachedInputTokens: 0, outputTokens: 5 });
  });
});

test("reasoning, refusals and tool arguments are counted as output", () => {
  const tool = { tool_calls: [{ index: 0, function: { name: "look", arguments: '{"at":' } }] };
  const { reading } = play(
    [{ reasoning_content: "hm" }, { refusal: "no" }, tool].map((delta) => chunk(delta)).join(""),
  );
  expect(reading.countedOutputTokens).toBe(7);
});
