import { expect, test } from "vitest";
import { idempotencyKey } from "./idempotency";

test("no header is no key; a plain one is the key", () => {
  expect(idempotencyKey(undefined)).toBeNull();
  expect(idempotencyKey(" 4f-1 a ")).toBe("4f-1 a");
  expect(idempotencyKey("k".repeat(255))).toHaveLength(255);
});

test.each([[""], ["  "], ["k\u00fc"], ["k\u0001"], ["k".repeat(256)]])("%j is refused", (header) => {
  expect(() => idempotencyKey(header)).toThrow("Idempotency-Key");
});
