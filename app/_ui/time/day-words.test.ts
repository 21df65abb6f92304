import { expect, test } from "vitest";
import { dayWords, utcWords } from "./day-words";

test("a day reads as in all other dates of the console, by its number or by its first moment", () => {
  expect(dayWords("2026-11-28")).toBe("28 Nov 2026");
  expect(dayWords("2026-11-08T00:00:00.000Z")).toBe("8 Nov 2026");
});

test("a moment in UTC stays on its day in every zone", () => {
  expect(utcWords("2026-11-30T23:59:10.000Z")).toBe("30 Nov 2026, 23:59");
});
