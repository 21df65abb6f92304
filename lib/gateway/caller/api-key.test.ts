import { expect, test } from "vitest";
import { hashApiKey, makeApiKey, parseApiKey, sameHash } from "./api-key";

test("a new key is parsed back, and differs every time", () => {
  const keys = Array.from({ length: 200 }, () => makeApiKey("live"));
  for (const key of keys) expect(parseApiKey(key.text)).toEqual(key);
  expect(new Set(keys.map((key) => key.id)).size).toBe(200);
  expect(Math.max(...keys.map((key) => key.text.length))).toBeLessThanOrEqual(80);
});

test("the checksum detects any one changed character", () => {
  const { text } = makeApiKey("test");
  for (let at = 0; at < text.length; at++) {
    const other = text.charAt(at) === "x" ? "y" : "x";
    expect(parseApiKey(text.slice(0, at) + other + text.slice(at + 1))).toBeNull();
  }
});

test.each([
  "",
  "sw_live_",
  "' OR 1=1--",
  "%",
  "sw_prod_x",
  `${makeApiKey("live").text} `,
  "a".repeat(16_000),
  "sw_live_\u0000",
])("%j is no key", (text) => {
  expect(parseApiKey(text)).toBeNull();
});

test("hashes are compared whole, and depend on the pepper", () => {
  const { text } = makeApiKey("live");
  expect(sameHash(hashApiKey(text, "p"), hashApiKey(text, "p"))).toBe(true);
  expect(sameHash(hashApiKey(text, "p"), hashApiKey(text, "q"))).toBe(false);
  expect(sameHash(hashApiKey(text, "p"), "")).toBe(false);
});
