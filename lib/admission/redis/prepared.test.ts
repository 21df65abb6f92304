import { expect, test } from "vitest";
import fc from "@/lib/fuzz/properties.suite";
import type { Check, Plan } from "@/lib/limits/plan";
import type { Dimension } from "@/lib/limits/rules/dimensions";
import type { AlgorithmName, Rule } from "@/lib/limits/rules/rule";
import { storeKeys } from "../keys";
import { PreparedLayouts } from "./prepared";

const KEYS = storeKeys("abc");

const rule = (algorithm: AlgorithmName, capacity: number): Rule => {
  return { algorithm, capacity, refill: 5, periodMs: 60_000, credit: 0, bounds: null };
};
/** Few of each, so that plans share rules, slots and subjects in all ways. */
const RULES = [
  ...[rule("token_bucket", 10), rule("token_bucket", 20), rule("sliding_window", 10), rule("fixed_window", 10)],
  ...[rule("concurrency", 5), rule("leaky_bucket", 7)],
];
const DIMENSIONS: readonly Dimension[] = ["requests", "total_tokens", "cost_micro_usd"];

const check = fc
  .record({
    rule: fc.constantFrom(...RULES),
    dimension: fc.constantFrom(...DIMENSIONS),
    subject: fc.constantFrom("t:a:tenant", "t:a:user:u1", "t:a:user:u2", "global"),
    slotId: fc.constantFrom("one", "two", "three"),
    cost: fc.constantFrom(1, 1, 1, 7, 0),
    observe: fc.boolean(),
    isKept: fc.constantFrom(false, false, true),
  })
  .map(({ isKept, ...one }): Check => {
    const kept = isKept ? { isKept: true as const } : {};
    return { ...one, ...kept, limitId: one.slotId, layer: "tenant", counter: `${one.subject}#${one.slotId}` };
  });
const plans = fc
  .array(fc.array(check, { maxLength: 6 }), { maxLength: 2 })
  .map((lists): Plan[] => lists.map((checks) => ({ candidate: "m", checks })));

test("plans remembered from earlier calls change nothing in how one is laid out", () => {
  const used = new PreparedLayouts(KEYS);
  fc.assert(
    fc.property(plans, (some) => {
      const [expected, actual] = [new PreparedLayouts(KEYS).of(some), used.of(some)];
      expect(actual.held).toEqual(expected.held);
      for (const { checks } of some) expect(actual.placesOf(checks)).toEqual(expected.placesOf(checks));
    }),
    { numRuns: 600 },
  );
});

test("calls of one policy share its shape and its text, for every caller", () => {
  const prepared = new PreparedLayouts(KEYS);
  const [bucket, lease] = [rule("token_bucket", 10), rule("concurrency", 5)];
  const of = (user: string, cost: number) => {
    const one = { limitId: "l", layer: "user" as const, observe: false, subject: `t:a:user:${user}` };
    const checks: Check[] = [
      { ...one, slotId: "b", counter: `${user}#b`, dimension: "requests", rule: bucket, cost },
      { ...one, slotId: "c", counter: `${user}#c`, dimension: "concurrency", rule: lease, cost: 1 },
    ];
    return prepared.of([{ candidate: "m", checks }]).held;
  };
  const [first, second] = [of("u1", 3), of("u2", 4)];
  expect(second.shape).toBe(first.shape);
  expect(second.policy).toBe(first.policy);
  expect(second.costs).toEqual([4, 1]);
  expect(second.subjectKeys).not.toEqual(first.subjectKeys);
  expect(second.leaseKeys).not.toEqual(first.leaseKeys);
});
