import { expect, test } from "vitest";
import { dateWords } from "./date-words";

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
