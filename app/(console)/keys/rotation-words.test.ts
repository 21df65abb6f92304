import { expect, test } from "vitest";
import { rotationWords } from "./rotation-words";

const NOW = Date.UTC(2026, 0, 1);
const at = (days: number) => new Date(NOW + days * 86_400_000).toISOString();

test("a key that is to be replaced says so from 14 days before, and goes on saying it when it is late", () => {
  expect(rotationWords({ status: "active", rotateAt: null }, NOW)).toBeNull();
  expect(rotationWords({ status: "active", rotateAt: at(15) }, NOW)).toBeNull();
  expect(rotationWords({ status: "active", rotateAt: at(14) }, NOW)).toBe("rotation due in 14 days");
  expect(rotationWords({ status: "active", rotateAt: at(-3) }, NOW)).toBe("rotation was due 3 days ago");
  expect(rotationWords({ status: "revoked", rotateAt: at(-3) }, NOW)).toBeNull();
  expect(rotationWords({ status: "active", rotateAt: at(-3), isReplaced: true }, NOW)).toBeNull();
});
