import { expect, test } from "vitest";
import { changeWords, logOf, measured } from "./mover-words";

test.each([
  [340, 100, "+240 %"],
  [85, 100, "-15 %"],
  [1200, 100, "12×"],
  [10_001, 10_000, "+ < 1 %"],
  [9_999, 10_000, "- < 1 %"],
  [5, 0, "none the day before"],
  [0, 5, "now none"],
])("%d after %d is %s", (now, before, words) => {
  expect(changeWords(now, before)).toBe(words);
});

test("each measure has its unit, and leads to the calls that it is about", () => {
  expect(measured("costMicroUsd", 2_000_000)).toBe("$2.00");
  expect(measured("tokens", 1_250_000)).toBe("1.3M");
  expect(measured("refused", 1250)).toBe("1,250");
  const hour = { from: "2026-11-27T10:00:00.000Z", to: "2026-11-27T11:00:00.000Z" };
  expect(new URL(logOf("refused", "acme", hour), "http://x").searchParams.get("kind")).toBe("refused");
  expect(new URL(logOf("calls", "acme", hour), "http://x").search).toBe(
    "?tenant=acme&from=2026-11-27T10%3A00%3A00.000Z&to=2026-11-27T11%3A00%3A00.000Z",
  );
});
