import { expect, test } from "vitest";
import { overrideAgain } from "./removed-override";

const NOW = Date.parse("2026-11-28T10:00:00Z");
const removed = {
  id: "ovr_1",
  tenant: "acme",
  keyFamily: null,
  limit: "requests-per-minute",
  dimension: "requests" as const,
  capacity: 120,
  refill: null,
  reason: "launch day of acme",
  createdBy: "Ines",
  createdAt: "2026-11-28T09:00:00.000Z",
  expiresAt: null,
  active: true,
};

test("a removed override is set again as it was, for the time that was left", () => {
  const again = { tenant: "acme", limit: "requests-per-minute", capacity: 120, reason: "launch day of acme" };
  expect(overrideAgain(removed, NOW)).toEqual({ ...again, expiresInSeconds: null });
  const ofKey = { ...removed, keyFamily: "fam_1", refill: 5, expiresAt: "2026-11-28T10:30:00.000Z" };
  expect(overrideAgain(ofKey, NOW)).toEqual({ ...again, keyFamily: "fam_1", refill: 5, expiresInSeconds: 1800 });
});

test("one that has ended meanwhile is not set again", () => {
  expect(overrideAgain({ ...removed, expiresAt: "2026-11-28T09:59:00.000Z" }, NOW)).toBeNull();
});
