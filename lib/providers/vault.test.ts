import { expect, test } from "vitest";
import { makeVault } from "./vault";

const SECRET = "s".repeat(40);
const SEALED = makeVault([SECRET]).seal("p1", "sk-secret-credential");

test("a sealed credential opens again, and looks random", () => {
  expect(makeVault([SECRET]).unseal("p1", SEALED)).toBe("sk-secret-credential");
  expect(SEALED).not.toContain("secret");
  expect(makeVault([SECRET]).seal("p1", "sk-secret-credential")).not.toBe(SEALED);
});

test("an earlier secret still opens; a row moved to another provider does not, nor does another secret", () => {
  expect(makeVault(["n".repeat(40), SECRET]).unseal("p1", SEALED)).toBe("sk-secret-credential");
  expect(() => makeVault([SECRET]).unseal("p2", SEALED)).toThrow("does not open");
  expect(() => makeVault(["n".repeat(40)]).unseal("p1", SEALED)).toThrow("does not open");
  expect(() => makeVault(["short"])).toThrow("32 characters");
});

test("any flipped bit is noticed", () => {
  const bytes = Buffer.from(SEALED.slice(3), "base64url");
  for (let at = 0; at < bytes.length; at++) {
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ 1;
    expect(() => makeVault([SECRET]).unseal("p1", `v1.${flipped.toString("base64url")}`)).toThrow();
  }
});
