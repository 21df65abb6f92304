import { expect, test } from "vitest";
import { logOf, measured } from "./mover-words";

test("each measure has its unit, and leads to the calls that it is about", () => {
  expect([2_000_000, 4_000].map(measured("costMicroUsd", [2_000_000, 4_000]))).toEqual(["$2.0000", "$0.0040"]);
  expect(measured("tokens", [])(1_250_000)).toBe("1.3M");
  expect(measured("refused", [])(1250)).toBe("1,250");
  const hour = { from: "2026-11-27T10:00:00.000Z", to: "2026-11-27T11:00:00.000Z" };
  expect(new URL(logOf("refused", "acme", hour), "http://x").searchParams.get("kind")).toBe("refused");
  expect(new URL(logOf("calls", "acme", hour), "http://x").search).toBe(
    "?tenant=acme&from=2026-11-27T10%3A00%3A00.000Z&to=2026-11-27T11%3A00%3A00.000Z",
  );
});
