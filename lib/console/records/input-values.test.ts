import { expect, test } from "vitest";
import { calendarDay, displayName, moment } from "../kernel/input";

test("moments and days that no date or database holds are refused, not answered with a fault", () => {
  const taken = ["1900-01-01T00:00:00Z", "2026-11-29T02:00:00+05:45", "9998-12-31T23:59:59Z"];
  const refused = ["0000-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59Z", "tomorrow"];
  expect(taken.map((one) => moment.safeParse(one).success)).toEqual([true, true, true]);
  expect(refused.map((one) => moment.safeParse(one).success)).toEqual([false, false, false, false]);
  expect(
    ["0000-01-01", "9999-12-31", "2026-02-29", "2026-11-29"].map((one) => calendarDay.safeParse(one).success),
  ).toEqual([false, false, false, true]);
});

test("a name can be seen and turns no other text around", () => {
  const taken = ["Acme", " شركة الأمل ", "👩‍👩‍👧‍👦", "<b>", "=1+1", "constructor"];
  const refused = ["", " ", "\u200b", "\u2060\u00ad", "evil\u202egnp.exe", "\u2067x\u2069", "x".repeat(101)];
  expect(taken.filter((one) => !displayName.safeParse(one).success)).toEqual([]);
  expect(refused.filter((one) => displayName.safeParse(one).success)).toEqual([]);
});
