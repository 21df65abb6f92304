import { expect, test } from "vitest";
import { asksOf } from "./asks";

const mark = (ttl?: string) => ({ cache_control: { type: "ephemeral", ...(ttl === undefined ? {} : { ttl }) } });
const user = (block: object) => ({ messages: [{ role: "user", content: [{ type: "text", text: "a" }, block] }] });

test.each([
  ["no marks", { messages: [{ role: "user", content: "cache_control" }] }, null],
  ["a mark", user({ type: "text", text: "b", ...mark() }), "cacheWrite"],
  [
    "an hour, among shorter ones",
    { system: [{ text: "s", ...mark() }], ...user({ text: "b", ...mark("1h") }) },
    "cacheWriteHour",
  ],
  [
    "inside a tool's result",
    user({ type: "tool_result", content: [{ type: "text", text: "t", ...mark("1h") }] }),
    "cacheWriteHour",
  ],
  ["on a tool", { tools: [{ name: "t", ...mark() }] }, "cacheWrite"],
  ["on the whole body", mark("1h"), "cacheWriteHour"],
])("cache: %s", (_name, body, expected) => {
  expect(asksOf(body).cacheWrite).toBe(expected);
});

test.each([
  ["functions are the caller's", { tools: [{ type: "function" }, { type: "custom" }, { name: "no type" }] }, []],
  [
    "Anthropic's search, bounded",
    { tools: [{ type: "web_search_20250305", max_uses: 5 }] },
    [{ fee: "web_search", most: 5 }],
  ],
  [
    "OpenAI's, bounded by the call",
    { tools: [{ type: "web_search_preview" }], max_tool_calls: 3 },
    [{ fee: "web_search", most: 3 }],
  ],
  ["unbounded", { tools: [{ type: "file_search" }] }, [{ fee: "file_search", most: 10 }]],
  [
    "code in a container with more memory, which costs a multiple",
    {
      tools: [
        { type: "code_interpreter", container: { type: "auto", memory_limit: "64g" } },
        { type: "code_interpreter", container: { type: "auto", memory_limit: "1g" } },
      ],
    },
    [
      { fee: "code_execution_64g", most: 10 },
      { fee: "code_execution", most: 10 },
    ],
  ],
  [
    "plugins of OpenRouter",
    { plugins: [{ id: "web", max_results: 3 }, { id: "file-parser" }] },
    [
      { fee: "web_search", most: 3 },
      { fee: "file-parser", most: 10 },
    ],
  ],
  ["in chat completions", { web_search_options: {} }, [{ fee: "web_search", most: 1 }]],
  [
    "code",
    { tools: [{ type: "code_execution_20250825" }, { type: "code_interpreter" }] },
    [
      { fee: "code_execution", most: 10 },
      { fee: "code_execution", most: 10 },
    ],
  ],
  [
    "tools that run at the caller's",
    { tools: [{ type: "bash_20250124" }, { type: "text_editor_20250728" }, { type: "mcp" }] },
    [],
  ],
  ["of tomorrow, by its own name", { tools: [{ type: "advisor_20260301" }] }, [{ fee: "advisor_20260301", most: 10 }]],
])("hosted tools: %s", (_name, body, expected) => {
  expect(asksOf(body).tools).toEqual(expected);
});

test.each(["x\u0000y", "x".repeat(33), "priorit\u00e4t", "a\n"])("a tier that is no name is refused: %j", (tier) => {
  expect(() => asksOf({ service_tier: tier })).toThrow(expect.objectContaining({ code: "invalid_value" }));
});

test("the tier, and fast mode, which is one", () => {
  expect(asksOf({ service_tier: "flex" }).serviceTier).toBe("flex");
  expect(asksOf({ speed: "fast" }).serviceTier).toBe("fast");
  expect(asksOf({}).serviceTier).toBeNull();
});

test.each([
  ["a plain tier does not hide fast mode", { service_tier: "auto", speed: "fast" }, "fast"],
  ["nor does another one", { service_tier: "standard_only", speed: "fast" }, "fast"],
  ["a dear tier in fast mode is both", { service_tier: "priority", speed: "fast" }, "priority+fast"],
  ["a region", { inference_geo: "us" }, "geo-us"],
  ["a region and fast mode", { service_tier: "auto", speed: "fast", inference_geo: "us" }, "fast+geo-us"],
  ["anywhere", { inference_geo: "global" }, null],
  ["a plain tier anywhere", { service_tier: "auto", speed: "standard", inference_geo: "global" }, "auto"],
])("everything that multiplies the price is named: %s", (_name, body, expected) => {
  expect(asksOf(body).serviceTier).toBe(expected);
});

test("a region that is no name is refused", () => {
  expect(() => asksOf({ inference_geo: "u\ns" })).toThrow(expect.objectContaining({ code: "invalid_value" }));
});
