import { describe, expect, test } from "vitest";
import fc from "@/lib/fuzz/properties.suite";
import { type Asks, costOf, heldPrice, sumOf, unpricedPart } from "./cost";
import type { Price } from "./price";
import type { Usage } from "./usage";

const PRICE: Price = { input: 1_000_000, cachedInput: 100_000, output: 5_000_000 };
const ASKS: Asks = { serviceTier: null, cacheWrite: null, tools: [], hasMedia: false, outputParts: [] };
const LONG: Price = {
  ...PRICE,
  longContext: [
    { aboveInputTokens: 200_000, input: 2_000_000, cachedInput: 200_000, output: 7_500_000 },
    { aboveInputTokens: 500_000, input: 4_000_000, cachedInput: 400_000, output: 9_000_000 },
  ],
  serviceTiers: { flex: { input: 500_000, cachedInput: 50_000, output: 2_500_000 } },
};
const usage = (inputTokens: number, outputTokens: number, more: Partial<Usage> = {}): Usage => ({
  inputTokens,
  cachedInputTokens: 0,
  outputTokens,
  ...more,
});
const cost = (used: Usage, price: Price = PRICE) => costOf(used, price).microUsd;

describe("what providers bill, in micro-dollars", () => {
  test.each([
    ["input and output", cost(usage(1000, 100)), 1500],
    ["rounded up once", cost(usage(1, 0, { cachedInputTokens: 1 })), 1],
    ["cached input", cost(usage(1000, 0, { cachedInputTokens: 900 })), 190],
    ["a write of 5 minutes at 1.25 times", cost(usage(100_000, 0, { parts: { cacheWrite: 100_000 } })), 125_000],
    ["a write of an hour at twice", cost(usage(100_000, 0, { parts: { cacheWriteHour: 100_000 } })), 200_000],
    [
      "a write at its own price",
      cost(usage(100_000, 0, { parts: { cacheWrite: 100_000 } }), { ...PRICE, cacheWrite: 3_000_000 }),
      300_000,
    ],
    ["reasoning as output", cost(usage(0, 100, { parts: { reasoning: 80 } })), 500],
    [
      "reasoning at its own price",
      cost(usage(0, 100, { parts: { reasoning: 80 } }), { ...PRICE, reasoning: 3_000_000 }),
      340,
    ],
    ["sound", cost(usage(100, 0, { parts: { audioInput: 60 } }), { ...PRICE, audioInput: 32_000_000 }), 40 + 1920],
    ["searches at $10 a thousand", cost(usage(0, 0, { uses: { web_search: 5 } })), 50_000],
    [
      "searches at their own fee",
      cost(usage(0, 0, { uses: { web_search: 5 } }), { ...PRICE, fees: { web_search: 1 } }),
      5,
    ],
    ["a fee for the request", cost(usage(1000, 0), { ...PRICE, fees: { request: 5000 } }), 6000],
    ["a short input", cost(usage(200_000, 1000), LONG), 205_000],
    ["a long input: all of it", cost(usage(200_001, 1000), LONG), 407_502],
    ["a longer one", cost(usage(600_000, 0), LONG), 2_400_000],
    [
      "several turns, none of them long",
      cost(usage(300_000, 0, { turns: 2, longestTurnTokens: 150_000 }), LONG),
      300_000,
    ],
    ["a priced tier", cost(usage(1000, 100, { serviceTier: "flex" }), LONG), 750],
    ["the United States, at 1.1 times", cost(usage(1000, 100, { serviceTier: "geo-us" })), 1650],
    ["a priced tier there", cost(usage(1000, 100, { serviceTier: "flex+geo-us" }), LONG), 825],
    ["a long input there", cost(usage(200_001, 1000, { serviceTier: "geo-us" }), LONG), 448_253],
    ["another region that nobody priced", cost(usage(1000, 100, { serviceTier: "geo-eu" })), 3000],
    ["a dearer tier that nobody priced, doubled", cost(usage(1000, 100, { serviceTier: "priority" })), 3000],
    ["a cheaper one: no rebate", cost(usage(1000, 100, { serviceTier: "flex" })), 1500],
    ["the usual tier by its other names", cost(usage(1000, 100, { serviceTier: "on_demand" })), 1500],
  ])("%s", (_name, got, expected) => {
    expect(got).toBe(expected);
  });
});

test.each(["constructor", "toString", "valueOf", "hasOwnProperty", "__proto__"])(
  "%s is a tier, a tool and a fee that nobody has priced",
  (name) => {
    expect(cost(usage(1000, 100, { serviceTier: name, uses: { [name]: 3 } }))).toBe(3000);
    const asks = { ...ASKS, serviceTier: name };
    expect(heldPrice({ ...LONG, fees: {} }, asks, 9)).toEqual({ input: 2_000_000, output: 10_000_000, fees: 0 });
    expect(unpricedPart(LONG, asks)?.param).toBe("service_tier");
    expect(unpricedPart(PRICE, { ...ASKS, tools: [{ fee: name, most: 1 }] })?.param).toBe("tools");
    expect(heldPrice({ ...PRICE, fees: {} }, { ...ASKS, pieces: [{ fee: name, most: 1 }] }, 9).fees).toBe(0);
  },
);

const tokens = fc.nat({ max: 2_000_000 });
const rate = fc.nat({ max: 1_000_000_000 });
const anyUsage = fc
  .record({
    inputTokens: tokens,
    cachedInputTokens: tokens,
    outputTokens: tokens,
    serviceTier: fc.constantFrom("default", "flex", "x"),
    parts: fc.record({
      cacheWrite: tokens,
      cacheWriteHour: tokens,
      audioInput: tokens,
      reasoning: tokens,
      audioOutput: tokens,
    }),
    uses: fc.record({ web_search: fc.nat({ max: 100 }) }),
  })
  .map((one): Usage => one);
const anyPrice = fc
  .record({
    input: rate,
    cachedInput: rate,
    output: rate,
    reasoning: rate,
    audioInput: rate,
    audioOutput: rate,
    cacheWrite: rate,
  })
  .map((one): Price => ({ ...one, serviceTiers: { flex: { input: 1, cachedInput: 1, output: 1 } } }));

test("every cost is the sum of its lines, and the lines are all tokens there are", () => {
  fc.assert(
    fc.property(anyUsage, anyPrice, (used, price) => {
      const { microUsd, lines } = costOf(used, price);
      expect(sumOf(JSON.parse(JSON.stringify(lines)))).toBe(microUsd);
      const of = (names: readonly string[]) =>
        lines.filter((line) => names.includes(line.of)).reduce((sum, { count }) => sum + count, 0);
      expect(of(["output", "reasoning", "audioOutput"])).toBe(used.outputTokens);
      expect(of(["input", "cachedInput", "cacheWrite", "cacheWriteHour", "audioInput"])).toBe(used.inputTokens);
    }),
  );
});

test("a reservation is never less than what the same request costs", () => {
  fc.assert(
    fc.property(anyUsage, anyPrice, (used, price) => {
      const asks: Asks = {
        serviceTier: used.serviceTier ?? null,
        cacheWrite: "cacheWriteHour",
        hasMedia: true,
        outputParts: ["audioOutput"],
        tools: [{ fee: "web_search", most: 100 }],
      };
      const cacheable = { ...price, cachedInput: Math.min(price.input, price.cachedInput), cacheWrite: price.input };
      const held = heldPrice(cacheable, asks, used.inputTokens);
      const most = sumOf([
        { of: "input", count: used.inputTokens, rate: held.input },
        { of: "output", count: used.outputTokens, rate: held.output },
      ]);
      expect(most + held.fees).toBeGreaterThanOrEqual(costOf(used, cacheable).microUsd);
    }),
  );
});

test.each([
  ["nothing special", ASKS, { input: 1_000_000, output: 5_000_000, fees: 0 }],
  [
    "marks for an hour",
    { ...ASKS, cacheWrite: "cacheWriteHour" as const },
    { input: 2_000_000, output: 5_000_000, fees: 0 },
  ],
  ["a tier", { ...ASKS, serviceTier: "priority" }, { input: 2_000_000, output: 10_000_000, fees: 0 }],
  [
    "a cheaper tier may be served as the usual one",
    { ...ASKS, serviceTier: "flex" },
    { input: 1_000_000, output: 5_000_000, fees: 0 },
  ],
  [
    "searches",
    { ...ASKS, tools: [{ fee: "web_search", most: 5 }] },
    { input: 1_000_000, output: 5_000_000, fees: 50_000 },
  ],
])("held for %s", (_name, asks, held) => {
  expect(heldPrice(PRICE, asks, 1000)).toEqual(held);
});

test("an input that may be long is held at the long rates", () => {
  expect(heldPrice(LONG, ASKS, 200_000).input).toBe(1_000_000);
  expect(heldPrice(LONG, ASKS, 200_001).input).toBe(2_000_000);
});

test("models without a price are named", () => {
  expect(unpricedPart(LONG, { ...ASKS, serviceTier: "flex" })).toBeNull();
  expect(unpricedPart(LONG, { ...ASKS, serviceTier: "priority" })).toEqual({
    param: "service_tier",
    what: 'service tier "priority"',
  });
  for (const tier of ["geo-us", "flex+geo-us"]) expect(unpricedPart(LONG, { ...ASKS, serviceTier: tier })).toBeNull();
  for (const tier of ["geo-eu", "fast+geo-us", "toString+geo-us"])
    expect(unpricedPart(LONG, { ...ASKS, serviceTier: tier })?.param).toBe("service_tier");
  const tools = [{ fee: "image_generation", most: 1 }];
  expect(unpricedPart(PRICE, { ...ASKS, tools })).toMatchObject({ param: "tools" });
  expect(unpricedPart({ ...PRICE, fees: { image_generation: 0 } }, { ...ASKS, tools })).toBeNull();
});

test("what is billed by the piece is held at its fee, and has a price when its fee or its tokens have one", () => {
  const pieces = [{ fee: "image", most: 3 }];
  const free = { input: 0, cachedInput: 0, output: 0 };
  expect(heldPrice({ ...free, fees: { image: 40_000, request: 5 } }, { ...ASKS, pieces }, 0).fees).toBe(120_005);
  expect(heldPrice(PRICE, { ...ASKS, pieces }, 0).fees).toBe(0);
  expect(unpricedPart(free, { ...ASKS, pieces })).toMatchObject({ param: "model" });
  expect(unpricedPart({ ...free, fees: { image: 0 } }, { ...ASKS, pieces })).toBeNull();
  expect(unpricedPart(PRICE, { ...ASKS, pieces })).toBeNull();
  const uses = { image: 2 };
  expect(
    costOf({ inputTokens: 0, cachedInputTokens: 0, outputTokens: 0, uses }, { ...free, fees: { image: 7 } }),
  ).toEqual({ microUsd: 14, lines: [{ of: "image", count: 2, rate: 7_000_000 }] });
});
