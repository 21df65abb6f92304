import { expect, test } from "vitest";
import { refuseNul } from "./no-nul";

test.each([["a\0"], [{ a: "\0" }], [{ "a\0": 1 }], [{ a: [{ b: ["x", "\0y"] }] }]])("%j is refused", (value) => {
  expect(() => refuseNul(value)).toThrow("U+0000");
});

test.each([["a"], [null], [{ a: "\\u0000", b: [1, true, null] }]])("%j is not", (value) => {
  expect(() => refuseNul(value)).not.toThrow();
});
