import { expect, test } from "vitest";
import { dateAdvice, dateWords } from "./date-words";

const NOW = Date.UTC(2026, 0, 1);
const at = (days: number) => new Date(NOW + days * 86_400_000).toISOString();

test("the holder of a key reads of its expiry and its rotation when they are near, of the nearer one", () => {
  expect(dateWords({ expires_at: null, rotate_by: null }, NOW)).toBeNull();
  expect(dateWords({ expires_at: at(60), rotate_by: at(30) }, NOW)).toBeNull();
  expect(dateWords({ expires_at: at(60), rotate_by: at(7) }, NOW)).toBe("This key is to be rotated in 7 days.");
  expect(dateWords({ expires_at: at(60), rotate_by: at(-2) }, NOW)).toBe("This key was to be rotated 2 days ago.");
  expect(dateWords({ expires_at: at(3), rotate_by: at(7) }, NOW)).toBe("This key expires in 3 days.");
  expect(dateWords({ expires_at: at(3), rotate_by: null }, NOW)).toBe("This key expires in 3 days.");
});

test("a holder who may rotate does so when the rotation is due; a near expiry needs an operator", () => {
  const advice = (ends: string | null, due: string | null, may_rotate = true) =>
    dateAdvice({ expires_at: ends, rotate_by: due, may_rotate }, NOW);
  expect(advice(null, at(7))).toBe("Rotate it below.");
  for (const words of [advice(null, at(7), false), advice(at(3), at(7)), advice(at(3), null)]) {
    expect(words).toBe("Ask your operators for a new key.");
  }
});
