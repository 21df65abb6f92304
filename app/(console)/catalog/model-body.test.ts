import { expect, test } from "vitest";
import { EMPTY, filledFrom, modelBody } from "./model-body";

const model = {
  id: "m",
  slug: "house-small",
  providerId: "p",
  upstreamName: "small-2026",
  enabled: true,
  fallbacks: ["large"],
  contextTokens: 8000,
  maxOutputTokens: 2000,
  defaultOutputTokens: 500,
  createdAt: "2026-11-01T00:00:00Z",
};

test("an edited model keeps its price, its long-context rates and fees included", () => {
  expect(modelBody(filledFrom(model, "acme"))).toEqual({
    provider: "acme",
    upstreamName: "small-2026",
    fallbacks: ["large"],
    enabled: true,
    price: "keep",
    contextTokens: 8000,
    maxOutputTokens: 2000,
    defaultOutputTokens: 500,
  });
});

test("a new model has the list price unless it gets its own, in micro-dollars", () => {
  expect(modelBody({ ...EMPTY, provider: "acme", upstreamName: "gpt-5" })).not.toHaveProperty("price");
  expect(modelBody({ ...EMPTY, price: "own", input: 0.15, output: 0.6 })).toMatchObject({
    price: { inputMicroUsdPerMillion: 150_000, outputMicroUsdPerMillion: 600_000 },
  });
});
