import { expect, test } from "vitest";
import fc from "@/lib/fuzz/properties.suite";
import { learnedInput, learnedReserve, trimSteps } from "./ladder";

test.each([
  [1000, 100, [500, 250, 125, 100]],
  [1000, 900, [900]],
  [100_000, 1, [50_000, 25_000, 12_500, 1]],
  [100, 100, []],
  [50, 100, []],
])("%i falls back to %i in the steps %j", (asked, trimTo, steps) => {
  expect(trimSteps(asked, trimTo)).toEqual(steps);
});

test("steps fall, stay below what fitted, and never below what is allowed", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 1, max: 1_000_000 }), (asked, trimTo) => {
      const steps = trimSteps(asked, trimTo);
      expect(steps).toEqual([...new Set(steps)].sort((left, right) => right - left));
      expect(steps.every((step) => step < asked && step >= trimTo)).toBe(true);
      expect(steps.length).toBeLessThanOrEqual(4);
    }),
  );
});

test("too few answers predict nothing, equal ones predict exactly, and never more than may be used", () => {
  expect(learnedReserve(new Array(19).fill(10), 500, 0)).toBe(500);
  expect(learnedReserve(new Array(20).fill(10), 500, 0)).toBe(10);
  expect(learnedReserve(new Array(20).fill(900), 500, 0)).toBe(500);
  expect(learnedReserve(new Array(20).fill(0), 500, 0)).toBe(1);
});

test("what many calls reserve together covers what they use, 95 times of a hundred", () => {
  const seed = 20_261_121;
  const lengths = fc.sample(fc.noBias(fc.integer({ min: 1, max: 400 })), { seed, numRuns: 4000 });
  const recent = lengths.slice(0, 100);
  for (const size of [1, 10, 60]) {
    let covered = 0;
    for (let trial = 0; trial < 60; trial++) {
      const used = Array.from(
        { length: size },
        (_, index) => lengths[(100 + trial * 61 + index * 7) % lengths.length] ?? 0,
      );
      const held = used.reduce((sum, _length, index) => sum + learnedReserve(recent, 4000, index), 0);
      if (held >= used.reduce((sum, length) => sum + length, 0)) covered += 1;
    }
    expect(covered / 60).toBeGreaterThan(0.85);
  }
});

test.each([
  ["too few calls tell nothing", new Array(19).fill(200), 1010, 1010],
  ["225 billed of 1,010 estimated", new Array(45).fill(223), 1010, 226],
  ["of twenty the largest", [...new Array(19).fill(200), 900], 1000, 900],
  ["of a hundred the four largest are left out", [...new Array(96).fill(200), 900, 900, 900, 900], 1000, 200],
  ["never less than a tenth", new Array(100).fill(1), 1000, 100],
  ["never more than twice", new Array(100).fill(9000), 1000, 2000],
])("input: %s", (_name, ratios, estimate, held) => {
  expect(learnedInput(ratios, estimate)).toBe(held);
});

test("at most five of a hundred calls use more input than they hold, however their ratios are spread", () => {
  const spreads = [
    fc.integer({ min: 100, max: 2000 }),
    fc.oneof({ weight: 9, arbitrary: fc.constant(220) }, { weight: 1, arbitrary: fc.integer({ min: 220, max: 1900 }) }),
    fc.integer({ min: 1, max: 12 }).map((step) => Math.round(2000 / step)),
  ];
  for (const [index, spread] of spreads.entries()) {
    const ratios = fc.sample(fc.noBias(spread), { seed: 20_261_127 + index, numRuns: 20_000 });
    let [over, calls] = [0, 0];
    for (let at = 100; at < ratios.length; at++) {
      calls += 1;
      if ((ratios[at] ?? 0) > learnedInput(ratios.slice(at - 100, at), 1000)) over += 1;
    }
    expect(over / calls).toBeLessThan(0.055);
  }
});
