import { expect, test } from "vitest";
import { type LimitRow, limitRow, limitSetFaults } from "@/lib/policy/rows/limit-row";
import type { DraftLimit } from "../observed-draft.shared";
import { cellFaults } from "./limit-faults.shared";

const limit = (more: Partial<DraftLimit> = {}): DraftLimit => ({
  ...{ name: "calls", layer: "tenant", dimension: "requests", algorithm: "token_bucket" },
  ...{ capacity: 60, refill: null, windowSeconds: 60, calendarPeriod: null, timeZone: null, burstCredit: null },
  ...{ match: {}, onExceed: "refuse", observe: false, failureMode: "local" },
  ...more,
});
const money = { dimension: "cost_micro_usd" } as const;

test.each<[Partial<DraftLimit>, object]>([
  [{}, {}],
  [{ capacity: 0, refill: 1, burstCredit: 0, windowSeconds: 31_622_400 }, {}],
  [{ name: "" }, { name: "A name is lower-case letters, digits and dashes, at most 63" }],
  [{ name: "Calls" }, { name: "A name is lower-case letters, digits and dashes, at most 63" }],
  [{ capacity: Number.NaN }, { capacity: "A whole number, 0 or more" }],
  [{ capacity: 1e16 }, { capacity: "At most 9,000,000,000,000,000" }],
  [{ ...money, capacity: Number.NaN }, { capacity: "$0 or more" }],
  [{ windowSeconds: 0 }, { window: "Whole seconds, from 1 to 31,622,400" }],
  [{ refill: 0 }, { refill: "A whole number, 1 or more; empty for the limit" }],
  [{ ...money, refill: 0 }, { refill: "$0.000001 or more; empty for the limit" }],
  [{ burstCredit: 1e16 }, { burstCredit: "At most 9,000,000,000,000,000; empty for none" }],
  [{ layer: "tag" }, { match: expect.stringMatching(/^The tag is a tag's name/) }],
  [{ layer: "tag", match: { tag: "repo=web" } }, {}],
])("what is wrong with %j stands at its cell, with what is allowed", (change, faults) => {
  const draft = limit(change);
  expect(cellFaults(draft, false)).toEqual(faults);
  // The door says the same.
  expect(isTaken(draft)).toBe(Object.keys(faults).length === 0);
});

test("a name that another limit has stands at the name", () => {
  expect(cellFaults(limit(), true)).toEqual({ name: "Another limit has this name" });
});

function isTaken(draft: DraftLimit): boolean {
  const read = limitRow.safeParse(draft);
  const rows: LimitRow[] = read.success ? [read.data] : [];
  return read.success && limitSetFaults(rows, "tier").length === 0;
}
