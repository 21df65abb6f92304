import { describe, expect, test } from "vitest";
import { amountsOfBill, billFor, costOfBill, mostUsed } from "./bill";

const PRICE = { input: 1_000_000, cachedInput: 100_000, output: 2_000_000 };
const CALL = { costMicroUsd: 0, wasSent: true, permits: 1 };
const MOST = { inputTokens: 8000, outputTokens: 100, outputTokensBelieved: 500, turns: 10, uses: {} };
const NOTHING = {
  requests: 0,
  input_tokens: 0,
  output_tokens: 0,
  total_tokens: 0,
  cost_micro_usd: 0,
  concurrency: 0,
};

test.each(["upstream_refused", "upstream_error", "upstream_timeout", "upstream_cut"] as const)(
  "a call that ended as %s without usage is one request if it was sent, otherwise nothing",
  (ending) => {
    const bill = billFor({ ending, reading: null, hasBegun: false, likelyInputTokens: 100, most: MOST });
    expect(amountsOfBill({ ...CALL, bill })).toEqual({ ...NOTHING, requests: 1 });
    expect(amountsOfBill({ ...CALL, bill, wasSent: false })).toEqual(NOTHING);
    // In a class that counts as four it stays four.
    expect(amountsOfBill({ ...CALL, bill, permits: 4 })).toEqual({ ...NOTHING, requests: 4 });
  },
);

test("the reported usage of a failed call is charged", () => {
  const reported = { inputTokens: 10, cachedInputTokens: 0, outputTokens: 5 };
  const reading = { reported, countedOutputTokens: 5, hasContent: true };
  const bill = billFor({ ending: "upstream_refused", reading, hasBegun: false, likelyInputTokens: 100, most: MOST });
  const costMicroUsd = costOfBill(bill, { price: PRICE }).microUsd;
  expect(amountsOfBill({ ...CALL, costMicroUsd, bill })).toMatchObject({
    requests: 1,
    total_tokens: 15,
    cost_micro_usd: 20,
  });
});

test("runs of code are charged at the largest container that the call asked for", () => {
  const reported = {
    inputTokens: 10,
    cachedInputTokens: 0,
    outputTokens: 5,
    uses: { code_execution: 2, web_search: 1 },
  };
  const reading = { reported, countedOutputTokens: 5, hasContent: true };
  const usesWith = (uses: Record<string, number>) =>
    billFor({ ending: "complete", reading, hasBegun: true, likelyInputTokens: 9, most: { ...MOST, uses } }).usage.uses;
  expect(usesWith({ code_execution_4g: 100, code_execution_64g: 100, code_execution: 100 })).toEqual({
    code_execution_64g: 2,
    web_search: 1,
  });
  expect(usesWith({ code_execution: 100 })).toEqual(reported.uses);
});

describe("a report is believed up to what is plausible", () => {
  const said = (
    inputTokens: number,
    cachedInputTokens: number,
    outputTokens: number,
    counted = 0,
    isPartial = false,
  ) => {
    const reported = { inputTokens, cachedInputTokens, outputTokens };
    const reading = { reported, isPartial, countedOutputTokens: counted, hasContent: true };
    const { usage, source } = billFor({
      ending: "complete",
      reading,
      hasBegun: true,
      likelyInputTokens: 9,
      most: MOST,
    });
    return [usage.inputTokens, usage.cachedInputTokens, usage.outputTokens, source];
  };

  test.each([
    ["the plausible maximum", said(8000, 8000, 100), [8000, 8000, 100, "provider"]],
    ["a million for a cap of a hundred", said(10, 0, 1_000_000), [10, 0, 100, "clamped"]],
    ["beyond the cap, but it was streamed", said(10, 0, 130, 130), [10, 0, 130, "provider"]],
    ["more than was streamed beyond the cap", said(10, 0, 999, 130), [10, 0, 130, "clamped"]],
    ["more input than the context holds", said(90_000_000, 90_000_000, 5), [8000, 8000, 5, "clamped"]],
    ["too much of both, and only a part", said(9000, 10, 501, 0, true), [8000, 10, 100, "clamped"]],
    ["beyond the cap, up to the model's maximum", said(10, 0, 500), [10, 0, 500, "provider"]],
    ["too much input leaves the output alone", said(9000, 0, 300), [8000, 0, 300, "clamped"]],
  ])("%s", (_name, charged, expected) => {
    expect(charged).toEqual(expected);
  });

  test("the input may be the whole context, or more when the call itself is longer", () => {
    const call = { contextTokens: 8000, outputTokensEach: 50, modelOutputTokens: 250, choices: 2, tools: [] };
    expect(mostUsed({ ...call, estimatedInputTokens: 10 })).toEqual(MOST);
    expect(mostUsed({ ...call, estimatedInputTokens: 5000 })).toEqual({ ...MOST, inputTokens: 20_000 });
  });
});

describe("turns and uses of hosted tools are believed up to what is plausible", () => {
  const billed = (told: { inputTokens: number; turns?: number; uses?: Record<string, number> }) => {
    const reported = { cachedInputTokens: 0, outputTokens: 5, ...told };
    const reading = { reported, countedOutputTokens: 5, hasContent: true };
    const asked = [{ fee: "web_search", most: 40 }];
    const call = { contextTokens: 8000, outputTokensEach: 50, modelOutputTokens: 250, choices: 2, tools: asked };
    const pieces = [{ fee: "second", most: 900 }];
    const most = mostUsed({ ...call, pieces, estimatedInputTokens: 10 });
    const { usage, source } = billFor({ ending: "complete", reading, hasBegun: true, likelyInputTokens: 9, most });
    return [usage.inputTokens, usage.uses, source];
  };

  test.each([
    ["as many as a search takes", billed({ inputTokens: 400_000, turns: 50 }), [400_000, undefined, "provider"]],
    ["a million turns", billed({ inputTokens: 90_000_000, turns: 1_000_000 }), [400_000, undefined, "clamped"]],
    [
      "more uses than were asked for",
      billed({ inputTokens: 9, uses: { web_search: 60 } }),
      [9, { web_search: 60 }, "provider"],
    ],
    [
      "a hundred million searches",
      billed({ inputTokens: 9, uses: { web_search: 100_000_000 } }),
      [9, { web_search: 400 }, "clamped"],
    ],
    [
      "an hour of sound that was held as a quarter",
      billed({ inputTokens: 9, uses: { second: 3600 } }),
      [9, { second: 3600 }, "provider"],
    ],
    [
      "a hundred million seconds",
      billed({ inputTokens: 9, uses: { second: 100_000_000 } }),
      [9, { second: 9000 }, "clamped"],
    ],
    [
      "uses of what nobody asked for",
      billed({ inputTokens: 9, uses: { code_execution: 100_000_000, web_search: 2 } }),
      [9, { code_execution: 100, web_search: 2 }, "clamped"],
    ],
  ])("%s", (_name, got, expected) => {
    expect(got).toEqual(expected);
  });
});

describe("zeros despite delivered output are unknown, and are counted here", () => {
  const billed = (inputTokens: number, outputTokens: number, counted: number, isPartial = false) => {
    const reported = { inputTokens, cachedInputTokens: 0, outputTokens };
    const reading = { reported, isPartial, countedOutputTokens: counted, hasContent: true };
    const { usage, source } = billFor({
      ending: "complete",
      reading,
      hasBegun: true,
      likelyInputTokens: 9,
      most: MOST,
    });
    return [usage.inputTokens, usage.outputTokens, source];
  };
  test.each([
    ["all of it", billed(0, 0, 160), [9, 160, "counted"]],
    ["the input", billed(0, 160, 150), [9, 160, "counted"]],
    ["the output", billed(70, 0, 160), [70, 160, "counted"]],
    ["almost nothing delivered", billed(70, 0, 1), [70, 0, "provider"]],
    ["nothing is zero", billed(70, 160, 100), [70, 160, "provider"]],
  ])("%s", (_name, got, expected) => {
    expect(got).toEqual(expected);
  });

  test("output counted from text does not raise the cap", () => {
    const reported = { inputTokens: 5, cachedInputTokens: 0, outputTokens: 1_000_000 };
    const reading = { reported, countedOutputTokens: 130, isCountedByText: true as const, hasContent: true };
    const { usage } = billFor({ ending: "complete", reading, hasBegun: true, likelyInputTokens: 9, most: MOST });
    expect(usage.outputTokens).toBe(100);
  });

  test("one more turn costs the same again", () => {
    const reported = { inputTokens: 15_000, cachedInputTokens: 0, outputTokens: 700, turns: 2 };
    const reading = { reported, countedOutputTokens: 5, hasContent: true };
    const bill = billFor({ ending: "complete", reading, hasBegun: true, likelyInputTokens: 9, most: MOST });
    expect(bill).toEqual({ usage: reported, source: "provider" });
  });
});
