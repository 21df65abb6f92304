import { calcPrice } from "@pydantic/genai-prices";
import { describe, expect, test } from "vitest";
import { costOf } from "@/lib/money/cost";
import { knownPrice } from "./known-prices";

const NAMES = [
  "gpt-5.5",
  "gpt-4o",
  "claude-sonnet-4-5",
  "claude-opus-4-5",
  "gemini-2.5-pro",
  "grok-4",
  "mistral-large-latest",
];

describe.each(NAMES)("%s costs what the bundled list says", (name) => {
  test.each([
    [1000, 100, 0, 0],
    [199_999, 10, 5000, 0],
    [200_000, 10, 0, 0],
    [200_001, 10, 0, 7000],
    [271_999, 10, 0, 0],
    [272_000, 10, 100_000, 0],
    [300_000, 1000, 0, 100],
  ])("%i in, %i out, %i cached, %i written", (input, output, cached, written) => {
    const price = knownPrice(name);
    if (price === null) throw new Error("the list does not have it");
    const listed = calcPrice(
      {
        input_tokens: input,
        output_tokens: output,
        cache_read_tokens: cached,
        ...(price.cacheWrite === undefined ? {} : { cache_write_tokens: written }),
      },
      name,
    );
    const parts = price.cacheWrite === undefined ? {} : { parts: { cacheWrite: written } };
    const { microUsd } = costOf(
      { inputTokens: input, cachedInputTokens: cached, outputTokens: output, ...parts },
      price,
    );
    expect(Math.abs(microUsd - (listed?.total_price ?? Number.NaN) * 1e6)).toBeLessThanOrEqual(1);
  });
});

test("fees are in it, per use", () => {
  expect(knownPrice("gpt-5")?.fees).toEqual({ web_search: 10_000, file_search: 2500 });
});

test("what the list does not know has no price", () => {
  expect(knownPrice("nobody-has-heard-of-it")).toBeNull();
});
