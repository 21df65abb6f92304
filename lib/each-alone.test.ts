import { expect, test } from "vitest";
import { eachAlone } from "./each-alone";

const evenOnly = (done: number[]) => async (item: number) => {
  if (item % 2 === 1) throw new Error(`no ${item}`);
  done.push(item);
};

test("an item that fails stops no other, and failures are reported at the end", async () => {
  const done: number[] = [];
  await expect(eachAlone([1, 2, 3, 4], evenOnly(done))).rejects.toThrow("2 failed; the first: no 1");
  expect(done).toEqual([2, 4]);
});

test("one fault is thrown as it is, none resolves", async () => {
  await expect(eachAlone([1, 2], evenOnly([]))).rejects.toThrow(/^no 1$/);
  await expect(eachAlone([2, 4], evenOnly([]))).resolves.toBeUndefined();
});
