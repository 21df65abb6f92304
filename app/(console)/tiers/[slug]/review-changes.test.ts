import { expect, test } from "vitest";
import type { DraftLimit } from "@/lib/console/tiers/observed-draft.shared";
import { reviewChanges } from "./review-changes";

const limit: DraftLimit = {
  id: "lim_1",
  name: "spend",
  layer: "tenant",
  dimension: "cost_micro_usd",
  algorithm: "token_bucket",
  capacity: 500_000,
  refill: null,
  windowSeconds: 60,
  calendarPeriod: null,
  timeZone: null,
  burstCredit: null,
  match: {},
  onExceed: "refuse",
  observe: false,
  failureMode: "local",
};

test("a review names each change by the table's words, never by the API's fields", () => {
  const after: DraftLimit[] = [
    {
      ...limit,
      capacity: 750_000,
      failureMode: "closed",
      onExceed: "queue",
      windowSeconds: 3600,
      algorithm: "sliding_window",
      observe: true,
      match: { model: "gpt-*" },
    },
    { ...limit, id: "", name: "calls", dimension: "requests", capacity: 9 },
  ];
  const [changed, added] = reviewChanges([limit], after);
  expect(changed).toBe(
    "spend: $0.50 → $0.75, window 60 s → 3,600 s, algorithm Token bucket → Sliding window, mode enforce → observe only, " +
      "store away local: share → closed: refuse, when it is used up refuse it → let it wait in the queue, " +
      "for all calls → only model gpt-*",
  );
  expect(added).toBe("calls: new, 9 requests");
  expect(reviewChanges([limit], [])).toEqual(["spend: removed"]);
  expect(reviewChanges([limit], [{ ...limit }])).toEqual([]);
});
