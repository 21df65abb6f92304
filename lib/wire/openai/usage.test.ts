import { describe, expect, test } from "vitest";
import { openaiUsage, usageIn } from "./usage";

const told = (prompt: number, completion: number, more: object = {}) =>
  openaiUsage({ prompt_tokens: prompt, completion_tokens: completion, ...more });
const plain = (inputTokens: number, outputTokens: number, cachedInputTokens = 0) => ({
  inputTokens,
  cachedInputTokens,
  outputTokens,
});

describe("cached input, wherever it stands", () => {
  test.each([
    ["OpenAI", { prompt_tokens_details: { cached_tokens: 900 } }],
    ["Responses and relays of it", { input_tokens_details: { cached_tokens: 900 } }],
    ["Moonshot and Together", { cached_tokens: 900 }],
    ["DeepSeek", { prompt_cache_hit_tokens: 900, prompt_cache_miss_tokens: 100 }],
    ["Mistral", { num_cached_tokens: 900 }],
    ["Anthropic's name, inside the prompt", { cache_read_input_tokens: 900 }],
    ["twice", { cached_tokens: 900, prompt_tokens_details: { cached_tokens: 900 } }],
    ["zero in one place", { cached_tokens: 900, prompt_tokens_details: { cached_tokens: 0 } }],
  ])("%s", (_name, more) => {
    expect(told(1000, 10, { total_tokens: 1010, ...more })).toEqual(plain(1000, 10, 900));
  });

  test("beside the prompt when the total says so", () => {
    const more = { total_tokens: 1020, prompt_tokens_details: { cached_tokens: 900 } };
    expect(told(110, 10, more)).toEqual(plain(1010, 10, 900));
  });

  test("beside the input under Anthropic's names", () => {
    const usage = { input_tokens: 20, output_tokens: 5, cache_read_input_tokens: 900, cache_creation_input_tokens: 80 };
    expect(openaiUsage(usage)).toEqual({ ...plain(1000, 5, 900), parts: { cacheWrite: 80 } });
  });

  test("tokens written to the cache", () => {
    const more = { prompt_tokens_details: { cached_tokens: 100, cache_write_tokens: 400 } };
    expect(told(1000, 10, more)).toEqual({ ...plain(1000, 10, 100), parts: { cacheWrite: 400 } });
  });
});

describe("reasoning inside or beside the completion: the total decides", () => {
  const reasoning = (count: number) => ({ completion_tokens_details: { reasoning_tokens: count } });
  test.each([
    ["inside (OpenAI)", { completion_tokens: 300, total_tokens: 400, ...reasoning(250) }, 300],
    ["beside (xAI)", { completion_tokens: 50, total_tokens: 400, ...reasoning(250) }, 300],
    ["beside, and named nowhere (Gemini)", { completion_tokens: 50, total_tokens: 400 }, 300],
    ["beside without a total", { completion_tokens: 50, ...reasoning(250) }, 300],
    [
      "more than all there is to the total (Perplexity)",
      { completion_tokens: 50, total_tokens: 150, reasoning_tokens: 250 },
      300,
    ],
    ["no completion but a total", { total_tokens: 400 }, 300],
    ["a total of zero", { completion_tokens: 300, total_tokens: 0 }, 300],
  ])("%s", (_name, more, output) => {
    expect(openaiUsage({ prompt_tokens: 100, ...more })?.outputTokens).toBe(output);
  });
});

test("embeddings may have nothing but a total", () => {
  expect(openaiUsage({ total_tokens: 8 })).toEqual(plain(0 + 8, 0));
});

test("audio, images and searches", () => {
  const more = {
    prompt_tokens_details: { audio_tokens: 30, image_tokens: 20 },
    completion_tokens_details: { audio_tokens: 5 },
    server_side_tool_usage_details: { web_search_calls: 2, x_search_calls: 1 },
    num_sources_used: 4,
  };
  expect(told(100, 10, more)).toEqual({
    ...plain(100, 10),
    parts: { audioInput: 30, imageInput: 20, audioOutput: 5 },
    uses: { web_search: 3, search_source: 4 },
  });
});

test("Groq says it in its extension, Moonshot in the choice", () => {
  const usage = { prompt_tokens: 1, completion_tokens: 2 };
  expect(usageIn({ choices: [], x_groq: { id: "r", usage } })).toBe(usage);
  expect(usageIn({ choices: [{ index: 0, usage }] })).toBe(usage);
  expect(usageIn({ choices: [{ index: 0 }], usage: null })).toBeUndefined();
});

test.each([-1_000_000, 1e15, "12", 3.7, Number.NaN])("counts that are none are not believed: %s", (count) => {
  for (const name of ["prompt_tokens", "completion_tokens"])
    expect(openaiUsage({ prompt_tokens: 7, completion_tokens: 2, [name]: count })).toBeNull();
});
