import { expect, test } from "vitest";
import { waitBefore } from "./backoff";

test("a process that ends again and again is started again ever later, up to ten seconds", () => {
  const lives = Array.from({ length: 12 }, () => 50);
  expect(lives.map((_, index) => waitBefore(lives.slice(0, index + 1)))).toEqual([
    ...[100, 200, 400, 800, 1600, 3200, 6400],
    ...[10_000, 10_000, 10_000, 10_000, 10_000],
  ]);
});

test("a process that ran well for a while is started again at once", () => {
  expect(waitBefore([50, 50, 50, 30_000])).toBe(100);
  expect(waitBefore([50, 50, 30_000, 50, 50])).toBe(200);
  expect(waitBefore([30_000])).toBe(100);
});
