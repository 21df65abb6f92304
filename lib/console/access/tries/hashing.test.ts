import { expect, test } from "vitest";
import { inTurn, refuseWhenBusy } from "./hashing";

test("two passwords are checked at once, others wait for their turn, and beyond thirty nobody may", async () => {
  const ends: (() => void)[] = [];
  const begun: number[] = [];
  let most = 0;
  let now = 0;
  const check = (number: number) =>
    inTurn(async () => {
      begun.push(number);
      now += 1;
      most = Math.max(most, now);
      await new Promise<void>((resolve) => ends.push(resolve));
      now -= 1;
      if (number === 1) throw new Error("one that fails leaves its place too");
      return number;
    });
  const all = Array.from({ length: 32 }, (_, number) => check(number).catch(() => -1));
  expect(begun).toEqual([0, 1]);
  expect(() => refuseWhenBusy()).toThrow("Too many passwords");
  for (let done = 0; done < 32; done++) {
    ends[done]?.();
    await all[done];
  }
  expect(begun).toEqual(Array.from({ length: 32 }, (_, number) => number));
  expect(most).toBe(2);
  expect(() => refuseWhenBusy()).not.toThrow();
  expect(await inTurn(async () => "free again")).toBe("free again");
});
