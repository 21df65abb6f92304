import { expect, test } from "vitest";
import { storable } from "./kept-objects";

test("of a provider's description only what the database cannot store is replaced", () => {
  const half = "\ud83d";
  const object = { name: `a\u0000b${half}`, "k\u0000": ["\\u0000", "\u0001", "😀", `\\${half}`], size: 5 };
  expect(storable(object)).toEqual({
    name: "a\ufffdb\ufffd",
    "k\ufffd": ["\\u0000", "\u0001", "😀", "\\\ufffd"],
    size: 5,
  });
  const plain = { filename: "a.txt" };
  expect(storable(plain)).toBe(plain);
});
