import { expect, test } from "vitest";
import type { TierVersion } from "@/lib/console/tiers/tier-versions";
import { changesOf } from "./limit-changes";

type Limit = TierVersion["limits"][number];

const limit = (more: Partial<Limit> = {}): Limit => ({
  id: "l1",
  ...{ name: "requests-per-minute", layer: "tenant", dimension: "requests", algorithm: "sliding_window" },
  ...{ capacity: 60, refill: null, windowSeconds: 60, calendarPeriod: null, timeZone: null, burstCredit: null },
  ...{ match: {}, onExceed: "refuse", observe: false, failureMode: "closed" },
  ...more,
});
const version = (number: number, limits: readonly Limit[]): TierVersion => ({
  ...{ version: number, limits: [...limits], ladder: null, predicted: null, came: null },
  ...{ at: `2026-11-0${number}T10:00:00.000Z`, by: "ada", comment: `why ${number}` },
});

test("a limit's history has the versions that changed it, newest first, and none that left it as it was", () => {
  const versions = [
    version(6, []),
    version(5, [limit({ id: "l9", failureMode: "open" })]),
    version(4, [limit({ id: "l9" })]),
    version(3, [limit()]),
    version(2, [limit({ capacity: 90 }), limit({ name: "another" })]),
    version(1, [limit({ name: "another" })]),
  ];
  expect(changesOf("requests-per-minute", versions).map(({ version: of, words }) => [of, words])).toEqual([
    [6, "removed"],
    [5, "60 requests per minute; other settings changed"],
    [3, "60 requests per minute"],
    [2, "90 requests per minute"],
  ]);
  expect(changesOf("requests-per-minute", versions)[3]).toMatchObject({ by: "ada", comment: "why 2" });
});
