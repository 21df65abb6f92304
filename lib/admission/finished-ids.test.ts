import { expect, test } from "vitest";
import { FinishedIds } from "./finished-ids";

test("an id is remembered as long as promised, and not for ever", () => {
  const ids = new FinishedIds(1000);
  for (let now = 0; now < 5000; now += 10) {
    ids.add(`r${now}`, now);
    if (now >= 1000) expect(ids.has(`r${now - 1000}`, now)).toBe(true);
    if (now >= 1500) expect(ids.has(`r${now - 1500}`, now)).toBe(false);
  }
  expect(ids.size).toBeLessThan(150);
});

test("a storm of ids is bounded: the oldest are forgotten first", () => {
  const ids = new FinishedIds(1_000_000, 500);
  for (let call = 0; call < 10_000; call++) ids.add(`r${call}`, call);
  expect(ids.size).toBeLessThanOrEqual(600);
  expect(ids.has("r9999", 10_000)).toBe(true);
  expect(ids.has("r9600", 10_000)).toBe(true);
});
