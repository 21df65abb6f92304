import { describe, expect, test } from "vitest";
import { playScarce, type Scarce } from "../scarce.suite";

/** 60 requests and 40,000 tokens a minute, ten times as many calls, for three minutes. */
const RUN: Scarce = {
  processes: 4,
  offeredPerMinute: 600,
  runMs: 180_000,
  requests: 60,
  tokens: 40_000,
  tokensEach: 400,
  figures: "operator",
  givesBack: false,
  ramp: null,
  foreignPerMinute: 0,
  seed: 1,
  classes: ["interactive", "standard", "batch", "background"],
};
const limitedShare = ({ sent, limited }: { sent: number; limited: number }) => limited / sent;
const SEEDS = [1, 2, 3, 4, 5];

describe("a provider that is ten times too small, four processes", () => {
  test("at most one call in a hundred meets a 429, and its room is used", async () => {
    for (const seed of SEEDS) {
      const told = await playScarce({ ...RUN, seed });
      expect(limitedShare(told)).toBeLessThanOrEqual(0.01);
      // 60 at once and 60 a minute.
      expect(told.served).toBeGreaterThan(0.9 * 240);
    }
  });

  test("where tokens are what is scarce, and the provider gives no unused ones back", async () => {
    for (const seed of SEEDS) {
      const told = await playScarce({ ...RUN, seed, tokensEach: 2000 });
      expect(limitedShare(told)).toBeLessThanOrEqual(0.01);
    }
  });

  test("where it gives them back that shows in its answers, and they are used", async () => {
    for (const seed of SEEDS) {
      const [kept, given] = [false, true].map((givesBack) => playScarce({ ...RUN, seed, givesBack, tokensEach: 2000 }));
      const told = await given;
      expect(limitedShare(told ?? { sent: 1, limited: 1 })).toBeLessThanOrEqual(0.01);
      expect(told?.served ?? 0).toBeGreaterThan(1.3 * ((await kept)?.served ?? 0));
    }
  });

  test("classes are refused in the order of their ceilings", async () => {
    const { refused, of } = await playScarce(RUN);
    const share = (one: "interactive" | "standard" | "batch" | "background") => 1 - refused[one] / of[one];
    expect(share("interactive")).toBeGreaterThan(share("standard"));
    expect(share("standard")).toBeGreaterThan(share("batch"));
    expect(share("batch")).toBeGreaterThan(share("background"));
  });
});

test("a provider that limits growth: from a cold start at most one call in a hundred meets a 429", async () => {
  const cold = { ...RUN, requests: 600, tokens: 4_000_000, offeredPerMinute: 1200, runMs: 360_000 };
  const told = await playScarce({ ...cold, ramp: { isKnown: true } });
  expect(limitedShare(told)).toBeLessThanOrEqual(0.01);
  // A sixteenth in the first minute, all of it from the fifth on.
  expect(told.served).toBeGreaterThan(1000);
  expect(limitedShare(await playScarce({ ...cold, ramp: { isKnown: false } }))).toBeGreaterThan(0.01);
});

test("a class that is alone gets all that comes back: its ceiling keeps room free, and no rate", async () => {
  const told = await playScarce({ ...RUN, classes: ["background"] });
  // Half of 58 at once, and 58 a minute.
  expect(told.served).toBeGreaterThan(0.9 * (29 + 3 * 58));
});

test("by its answers alone: what is sent before the first answer is all that can go wrong", async () => {
  const told = await playScarce({ ...RUN, figures: "headers" });
  expect(limitedShare(told)).toBeLessThanOrEqual(0.01);
});

test("traffic of others on the same credential is counted by what its answers say", async () => {
  const told = await playScarce({ ...RUN, foreignPerMinute: 20 });
  expect(limitedShare(told)).toBeLessThanOrEqual(0.05);
  expect(told.served).toBeGreaterThan(100);
});

test("without figures and headers the cool-down alone is left, and far more calls meet a 429", async () => {
  const reactive = await playScarce({ ...RUN, figures: "none" });
  expect(limitedShare(reactive)).toBeGreaterThan(0.05);
});
