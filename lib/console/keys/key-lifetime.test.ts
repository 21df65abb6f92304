import { expect, test } from "vitest";
import { lifetimeOf, successorEnd } from "./key-lifetime";

test.each([
  ["nothing said", undefined, 90, 90],
  ["nothing said, where less is allowed", undefined, 30, 30],
  ["nothing said, where a key may live for ever", undefined, null, 90],
  ["as long as is allowed", 90, 90, 90],
  ["longer, where the tier allows it", 365, 400, 365],
  ["for ever, where the tier allows it", null, null, null],
])("a key lives as long as asked, within its tier: %s", (_name, asked, most, days) => {
  expect(lifetimeOf(asked, most)).toEqual({ kind: "days", days });
});

test.each([
  [91, 90],
  [null, 90],
  [31, 30],
])("longer than its tier allows is refused, with what is allowed: %s of %s", (asked, most) => {
  expect(lifetimeOf(asked, most)).toMatchObject({ kind: "too long", message: expect.stringContaining(`${most} days`) });
});

test("a successor lives as long as the old key was given, and no longer than its tier allows", () => {
  const now = Date.parse("2026-06-01T00:00:00Z");
  const createdAt = new Date("2026-01-01T00:00:00Z");
  const end = (expiresAt: string | null, most: number | null) =>
    successorEnd({ createdAt, expiresAt: expiresAt === null ? null : new Date(expiresAt) }, most, now)?.toISOString();
  expect(end("2026-01-31T00:00:00Z", 90)).toBe("2026-07-01T00:00:00.000Z");
  expect(end("2027-01-01T00:00:00Z", 90)).toBe("2026-08-30T00:00:00.000Z");
  expect(end(null, 90)).toBe("2026-08-30T00:00:00.000Z");
  expect(end("2027-01-01T00:00:00Z", null)).toBe("2027-06-01T00:00:00.000Z");
  expect(end(null, null)).toBeUndefined();
});
