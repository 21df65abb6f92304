import { expect, test } from "vitest";
import fc from "@/lib/fuzz/properties.suite";
import { Shares } from "./shares";

const of = (holder: string, perFree = 1) => [{ holder, perFree }];

/** Takes until a refusal. Returns the amount taken. */
function greedily(shares: Shares, holder: string): number {
  let taken = 0;
  while (shares.take(1, of(holder)) === null) taken += 1;
  return taken;
}

test("a key that takes all it can gets half, and each further key gets as much as is then left", () => {
  const shares = new Shares(1000);
  expect(greedily(shares, "a")).toBe(500);
  expect(greedily(shares, "b")).toBe(250);
  expect(greedily(shares, "c")).toBe(125);
  expect(shares.take(1, of("the next holder"))).toBeNull();
});

test("an amount that is given back is free for others", () => {
  const shares = new Shares(10);
  greedily(shares, "a");
  shares.give(5, of("a"));
  expect(shares.total).toBe(0);
  expect(greedily(shares, "b")).toBe(5);
});

test("a refusal takes nothing of any claim", () => {
  const shares = new Shares(100);
  greedily(shares, "key");
  const claims = [...of("tenant", 2), ...of("key")];
  expect(shares.take(1, claims)).toEqual({ holder: "key", perFree: 1 });
  expect([shares.total, shares.of("tenant"), shares.of("key")]).toEqual([50, 0, 50]);
});

test("a body larger than the room comes in when it is alone", () => {
  const shares = new Shares(10);
  expect(shares.take(40, of("a"))).toBeNull();
  expect(shares.take(1, of("b"))).toBe("all");
});

test("whatever each holder wants, the total never exceeds the capacity and ends at nothing", () => {
  const step = fc.record({ holder: fc.constantFrom("a", "b", "c"), amount: fc.integer({ min: 1, max: 30 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const shares = new Shares(100);
      const taken = steps.filter(({ holder, amount }) => shares.take(amount, of(holder)) === null);
      expect(shares.total).toBeLessThanOrEqual(100);
      for (const { holder, amount } of taken) shares.give(amount, of(holder));
      expect([shares.total, shares.of("a"), shares.of("b"), shares.of("c")]).toEqual([0, 0, 0, 0]);
    }),
  );
});
