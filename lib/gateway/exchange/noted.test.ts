import { expect, test } from "vitest";
import { noted } from "./noted";

test("a note belongs to its object, can be replaced and removed, and is not visible to others", () => {
  const names = noted<object, string>();
  const others = noted<object, number>();
  const [one, two] = [{ id: 1 }, Object.freeze({ id: 2 })];
  names.set(one, "one");
  names.set(two, "two");
  others.set(one, 1);
  expect([names.get(one), names.get(two), others.get(one), others.get(two)]).toEqual(["one", "two", 1, undefined]);
  names.set(one, "again");
  names.set(two, undefined);
  expect([names.get(one), names.get(two)]).toEqual(["again", undefined]);
  expect([Object.keys(one), JSON.stringify(one), names.get({ ...one })]).toEqual([["id"], '{"id":1}', undefined]);
});
