import { expect, test } from "vitest";
import { amountsOfBill, billFor } from "./bill";

const PRICES = { input: 1_000_000, cachedInput: 100_000, output: 2_000_000 };
const CALL = { prices: PRICES, wasSent: true, permits: 1 };
const NOTHING = {
  requests: 0,
  input_tokens: 0,
  output_tokens: 0,
  total_tokens: 0,
  cost_micro_usd: 0,
  concurrency: 0,
};

test.each(["upstream_refused", "upstream_error", "upstream_timeout", "upstream_cut"] as const)(
  "a call that ended as %s without usage is one request if it was sent, and else nothing",
  (ending) => {
    const bill = billFor({ ending, reading: null, hasBegun: false, likelyInputTokens: 100 });
    expect(amountsOfBill({ ...CALL, bill })).toEqual({ ...NOTHING, requests: 1 });
    expect(amountsOfBill({ ...CALL, bill, wasSent: false })).toEqual(NOTHING);
    // Of a class that counts as four it stays four.
    expect(amountsOfBill({ ...CALL, bill, permits: 4 })).toEqual({ ...NOTHING, requests: 4 });
  },
);

test("what a provider reported of a call that failed is charged", () => {
  const reported = { inputTokens: 10, cachedInputTokens: 0, outputTokens: 5 };
  const reading = { reported, countedOutputTokens: 5, hasContent: true };
  const bill = billFor({ ending: "upstream_refused", reading, hasBegun: false, likelyInputTokens: 100 });
  expect(amountsOfBill({ ...CALL, bill })).toMatchObject({ requests: 1, total_tokens: 15, cost_micro_usd: 20 });
});
