import { expect, test } from "vitest";
import { heldPrice } from "@/lib/money/cost";
import type { Price } from "@/lib/money/price";
import type { Model } from "@/lib/providers/catalog";
import { batchPrice } from "../../attempt/batch-way";
import { mostOf } from "../../kept/batch-most";
import { weighFile, weighRequests } from "./weigh";

const PRICE: Price = { input: 3_000_000, cachedInput: 300_000, output: 15_000_000, imageInput: 9_000_000 };
const modelOf = (slug: string) =>
  ({ slug, upstreamName: slug, maxOutputTokens: 4096, contextTokens: 200_000, price: PRICE }) as Model;

function ended<Value>(steps: Generator<unknown, Value>): Value {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

const mark = (ttl: "5m" | "1h") => ({ type: "text", text: "hello", cache_control: { type: "ephemeral", ttl } });
const request = (content: unknown) => ({
  custom_id: "a",
  params: { model: "m", max_tokens: 10, messages: [{ role: "user", content }] },
});

test.each([
  ["no mark", ["hello"], 3_000_000],
  ["a mark on one of its calls", ["hello", [mark("5m")]], 3_750_000],
  ["a mark for an hour on one of its calls", [[mark("1h")], [mark("5m")], "hello"], 6_000_000],
])("a batch with %s is reserved at what a single call would be", (_name, contents, input) => {
  const { weight } = ended(weighRequests(contents.map(request), modelOf));
  const batch = batchPrice(PRICE, null, weight);
  expect(batch.input).toBe(input);
  const single = heldPrice(PRICE, { serviceTier: null, tools: [], ...asked(weight) }, weight.longestInputTokens);
  expect(batch).toEqual({ ...single, fees: 0 });
});

const asked = ({ rateAsks }: { rateAsks?: Parameters<typeof batchPrice>[2]["rateAsks"] }) => {
  if (rateAsks === undefined) throw new Error("it has no rateAsks");
  return rateAsks;
};

test("a batch with a mark is booked at the price of its write until its end is known", () => {
  const { weight } = ended(weighRequests([request([mark("1h")])], modelOf));
  const usage = mostOf({ estimatedInputTokens: 700, reservedOutputTokens: 10 }, weight);
  expect(usage).toMatchObject({ inputTokens: 700, parts: { cacheWriteHour: 700 } });
});

test("a file of calls with pictures is reserved at the rate of pictures, and its provider writes the cache itself", () => {
  const image_url = { url: "https://example.com/a.png" };
  const messages = [{ role: "user", content: [{ type: "image_url", image_url }, mark("1h")] }];
  const line = { custom_id: "a", method: "POST", url: "/v1/chat/completions", body: { model: "m", messages } };
  const { weight } = ended(weighFile(Buffer.from(`${JSON.stringify(line)}\n`), modelOf));
  expect(weight.rateAsks).toEqual({ cacheWrite: "ifPriced", hasMedia: true, outputParts: [] });
  expect(batchPrice(PRICE, null, weight).input).toBe(9_000_000);
});

test("a file of before has no such parts", () => {
  expect(batchPrice(PRICE, null, { longestInputTokens: 9, feesMicroUsd: 4 })).toEqual({
    input: 3_000_000,
    output: 15_000_000,
    fees: 4,
  });
});
