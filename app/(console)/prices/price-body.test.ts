import { expect, test } from "vitest";
import { priceBody } from "./price-body";

test("what was filled in, in micro-dollars; what was left empty is not there", () => {
  expect(priceBody({})).toEqual({});
  expect(
    priceBody({
      cacheWriteMicroUsdPerMillion: 3.75,
      web_search: 10,
      "flex.input": 1,
      "long.above": 200_000,
      "long.input": 6,
      "long.cached": 0.6,
      "long.output": 22.5,
      "priority.input": 6,
      "priority.output": 30,
    }),
  ).toEqual({
    cacheWriteMicroUsdPerMillion: 3_750_000,
    tiers: [
      {
        aboveInputTokens: 200_000,
        inputMicroUsdPerMillion: 6_000_000,
        cachedInputMicroUsdPerMillion: 600_000,
        outputMicroUsdPerMillion: 22_500_000,
      },
    ],
    serviceTiers: { priority: { inputMicroUsdPerMillion: 6_000_000, outputMicroUsdPerMillion: 30_000_000 } },
    feesMicroUsd: { web_search: 10_000 },
  });
});
