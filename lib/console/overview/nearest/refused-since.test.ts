import { expect, test } from "vitest";
import { MINUTE_MS } from "@/lib/clock";
import { refusedSince } from "./refused-since";

test("refusals go on since the first minute that no break of more than five minutes follows", () => {
  const at = (...minutes: number[]) => minutes.map((minute) => minute * MINUTE_MS);
  expect(refusedSince([])).toBeNull();
  expect(refusedSince(at(7))).toBe(7 * MINUTE_MS);
  expect(refusedSince(at(1, 2, 8, 13, 14))).toBe(8 * MINUTE_MS);
});
