import { expect, test } from "vitest";
import type { LimitCell } from "@/lib/console/tiers/cells/limit-cells.shared";
import type { DraftLimit } from "@/lib/console/tiers/observed-draft.shared";
import { cellWords, settingsWords } from "./cell-words";

const limit = (more: Partial<DraftLimit> = {}): DraftLimit => ({
  ...{ name: "calls", layer: "tenant", dimension: "requests", algorithm: "token_bucket" },
  ...{ capacity: 60_000, refill: null, windowSeconds: 60, calendarPeriod: null, timeZone: null, burstCredit: null },
  ...{ match: {}, onExceed: "refuse", observe: false, failureMode: "local" },
  ...more,
});
const money = { dimension: "cost_micro_usd", capacity: 50_000_000 } as const;
const monthly = { algorithm: "calendar_window", windowSeconds: null, calendarPeriod: "month" } as const;

test.each<[LimitCell, Partial<DraftLimit>, string]>([
  ["capacity", {}, "60,000"],
  ["capacity", money, "$50.00"],
  ["capacity", { capacity: Number.NaN }, "–"],
  ["window", {}, "60 s"],
  ["window", monthly, "month"],
  ["window", { ...monthly, timeZone: "Europe/Berlin" }, "month, Europe/Berlin"],
  ["window", { algorithm: "concurrency", windowSeconds: null }, "–"],
  ["observe", { observe: true }, "observe only"],
  ["failureMode", { failureMode: "closed" }, "closed: refuse"],
  ["refill", {}, "not set"],
  ["match", {}, "all calls"],
  ["match", { match: { model: "gpt-*" } }, "only model gpt-*"],
])("a cell's former value in words: %s of %j", (cell, change, words) => {
  expect(cellWords(cell, limit(change), "tier")).toBe(words);
});

test("a closed row names the settings that have no column, where they are not the usual ones", () => {
  expect(settingsWords(limit({ refill: 60_000, burstCredit: 0 }))).toBe("");
  const all = { match: { model: "gpt-*" }, refill: 30, burstCredit: 5, onExceed: "queue" } as const;
  expect(settingsWords(limit(all))).toBe("only model gpt-*, refill 30, burst credit 5, waits in the queue");
});
