import { expect, test } from "vitest";
import { AnthropicUsage } from "./usage";

function usageOf(...reports: readonly object[]) {
  const usage = new AnthropicUsage();
  for (const report of reports) usage.take(report);
  return usage.usage();
}

test("fresh, read and written input are added up, writes by how long they live", () => {
  const cache_creation = { ephemeral_5m_input_tokens: 30, ephemeral_1h_input_tokens: 70 };
  const told = { input_tokens: 10, cache_read_input_tokens: 200, cache_creation_input_tokens: 100, cache_creation };
  expect(usageOf({ ...told, output_tokens: 1 }, { output_tokens: 40 })).toEqual({
    inputTokens: 310,
    cachedInputTokens: 200,
    outputTokens: 40,
    parts: { cacheWrite: 30, cacheWriteHour: 70 },
  });
});

test("turns of compaction and advice are billed too", () => {
  const iterations = [
    { type: "compaction", input_tokens: 180_000, output_tokens: 3500 },
    { type: "message", input_tokens: 23_000, output_tokens: 1000, cache_read_input_tokens: 500 },
    { type: "advisor_message", model: "m", input_tokens: 900, output_tokens: 200 },
  ];
  const total = { input_tokens: 23_000, output_tokens: 1000, cache_read_input_tokens: 500, iterations };
  expect(usageOf({ input_tokens: 23_000, output_tokens: 1 }, total)).toEqual({
    inputTokens: 204_400,
    cachedInputTokens: 500,
    outputTokens: 4700,
    turns: 3,
    longestTurnTokens: 180_000,
  });
});

test("one turn that repeats the totals changes nothing", () => {
  const counts = { input_tokens: 10, output_tokens: 5 };
  expect(usageOf({ ...counts, iterations: [{ type: "message", ...counts }] })).toEqual({
    inputTokens: 10,
    cachedInputTokens: 0,
    outputTokens: 5,
  });
});

test("searches, and the tiers that cost by the token", () => {
  const told = { input_tokens: 10, output_tokens: 5, server_tool_use: { web_search_requests: 3 } };
  expect(usageOf({ ...told, service_tier: "priority" })).toMatchObject({ uses: { web_search: 3 } });
  expect(usageOf({ ...told, service_tier: "priority" })?.serviceTier).toBeUndefined();
  expect(usageOf({ ...told, service_tier: "batch" })?.serviceTier).toBe("batch");
});

test("the region that served it, as its rates are higher", () => {
  const told = { input_tokens: 10, output_tokens: 5 };
  expect(usageOf({ ...told, service_tier: "standard", inference_geo: "us" })?.serviceTier).toBe("geo-us");
  expect(usageOf({ ...told, speed: "fast", inference_geo: "us" }, { output_tokens: 9 })?.serviceTier).toBe(
    "fast+geo-us",
  );
  expect(usageOf({ ...told, service_tier: "batch", inference_geo: "not_available" })?.serviceTier).toBe("batch");
  expect(usageOf({ ...told, inference_geo: "u\u0000s" })?.serviceTier).toBeUndefined();
});
