import { expect, test } from "vitest";
import fc from "@/lib/fuzz/properties.suite";
import { type ActiveBrake, type BrakeScope, brakeOn, covers, metBy, passedShare } from "./brake";

const T0 = 1_795_000_000_000;
const brake = (more: Partial<ActiveBrake> = {}): ActiveBrake => ({
  id: "b",
  scope: {},
  mode: "block",
  expiresAtMs: T0 + 60_000,
  rampFromMs: T0,
  ...more,
});
const facts = {
  tenant: "a",
  model: "m",
  provider: "p",
  key: "k",
  endpoint: "chat",
  tier: "t",
  user: "ada",
  session: "",
  agent: "",
  tags: ["cost-centre=research", "repo=web"],
  priority: "standard",
} as const;

test("a brake that is being lifted lets a growing share through; a caller that has passed keeps passing", () => {
  const rolls = Array.from({ length: 1000 }, (_, index) => index / 1000);
  const passing = (now: number) => rolls.filter((roll) => brakeOn(metBy([brake()], roll, now), facts) === null);
  for (const [after, share] of [
    [-5000, 0],
    [0, 0],
    [15_000, 0.25],
    [30_000, 0.5],
    [60_000, 1],
    [90_000, 1],
  ] as const) {
    expect(passing(T0 + after).length / rolls.length).toBeCloseTo(share, 2);
  }
  fc.assert(
    fc.property(fc.double({ min: 0, max: 0.999, noNaN: true }), fc.nat(60_000), fc.nat(60_000), (roll, one, two) => {
      const [early, late] = [Math.min(one, two), Math.max(one, two)];
      if (metBy([brake()], roll, T0 + early).length === 0) expect(metBy([brake()], roll, T0 + late)).toEqual([]);
    }),
  );
});

test("a brake that is not being lifted is met by everybody, beside one that is", () => {
  const holding = brake({ id: "holding", rampFromMs: null });
  expect(metBy([holding], 0, T0 + 30_000)).toEqual([holding]);
  expect(metBy([holding, brake()], 0.2, T0 + 30_000)).toEqual([holding]);
  expect(passedShare(brake({ expiresAtMs: null }), T0 + 30_000)).toBe(0);
});

test.each<[BrakeScope, boolean]>([
  [{}, true],
  [{ model: "m" }, true],
  [{ model: "m*" }, true],
  [{ model: "*" }, true],
  [{ model: "mm*" }, false],
  [{ priority: "interactive" }, true],
  [{ priority: "standard" }, true],
  [{ priority: "batch" }, false],
  [{ tenant: "a", priority: "standard" }, true],
  [{ tag: "repo=web" }, true],
  [{ tag: "repo" }, false],
  [{ tag: "repo=api" }, false],
  [{ tag: "repo=web", tenant: "b" }, false],
  [{ tenant: "b", priority: "standard" }, false],
])("scope %o covers the call: %s", (scope, isCovered) => {
  expect(covers(scope, facts)).toBe(isCovered);
});

test("a brake on an end user of a tenant meets nobody else of it, and nobody of that name elsewhere", () => {
  const scope = { tenant: "a", user: "ada" };
  expect(covers(scope, facts)).toBe(true);
  expect(covers(scope, { ...facts, user: "bob" })).toBe(false);
  expect(covers(scope, { ...facts, user: "" })).toBe(false);
  expect(covers(scope, { ...facts, tenant: "b" })).toBe(false);
});
