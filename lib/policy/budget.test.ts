import { expect, test } from "vitest";
import { HOUR_MS } from "@/lib/clock";
import { amountAt, type BudgetRow, compileBudget } from "./budget";
import { calendarBounds } from "./calendar";

const NOW = Date.parse("2026-11-21T12:00:00Z");
const { startMs, endMs } = calendarBounds("month", "Europe/Berlin", NOW);

function budget(more: Partial<BudgetRow> = {}): BudgetRow {
  return {
    id: "b1",
    slug: "month",
    level: "tenant",
    tenantId: "t1",
    target: null,
    targetBooked: null,
    targetCounted: null,
    period: "month",
    windowSeconds: null,
    timeZone: "Europe/Berlin",
    amountMicroUsd: 1000,
    carryOver: false,
    thresholds: [
      { percent: 50, action: "alert" },
      { percent: 80, action: "queue" },
      { percent: 90, action: "degrade" },
      { percent: 110, action: "refuse" },
    ],
    carriedMicroUsd: 0,
    carriedIntoMs: null,
    raiseMicroUsd: 0,
    raiseUntilMs: null,
    ...more,
  };
}

test("a budget is the limit that enforces it: capacity and steps by its percents, counters by its id", () => {
  const { limit, untilMs } = compileBudget(budget(), NOW);
  expect(limit).toMatchObject({ name: "month", layer: "tenant", dimension: "cost_micro_usd", observe: false });
  expect([limit.rule.capacity, limit.queueFrom, limit.degradeFrom]).toEqual([1100, 800, 900]);
  expect(limit.slotId).toBe("b1|calendar_window|month@Europe/Berlin");
  expect(untilMs).toBeNull();
  const rolling = compileBudget(budget({ period: "rolling", windowSeconds: 3600, thresholds: [] }), NOW).limit;
  expect(rolling).toMatchObject({ observe: true, queueFrom: null, degradeFrom: null, calendar: null });
  expect(rolling.rule).toMatchObject({ algorithm: "sliding_window", periodMs: HOUR_MS, capacity: 1000 });
});

test("a raise counts until its end, and the policy is compiled again then", () => {
  const row = budget({ raiseMicroUsd: 500, raiseUntilMs: NOW + HOUR_MS });
  expect(amountAt(row, NOW)).toEqual({ amount: 1500, untilMs: NOW + HOUR_MS });
  expect(amountAt(row, NOW + HOUR_MS)).toEqual({ amount: 1000, untilMs: null });
});

test("a carried amount counts only in the period that it was carried into; too much of it leaves nothing, not less", () => {
  const row = budget({ carriedMicroUsd: 300, carriedIntoMs: startMs });
  expect(amountAt(row, NOW)).toEqual({ amount: 1300, untilMs: endMs });
  expect(amountAt(row, endMs)).toEqual({ amount: 1000, untilMs: null });
  expect(amountAt(budget({ carriedMicroUsd: -5000, carriedIntoMs: startMs }), NOW).amount).toBe(0);
});

test("a target narrows it to one subject of its layer", () => {
  const row = budget({ level: "user", target: "mia", targetBooked: "d", targetCounted: "d" });
  expect(compileBudget(row, NOW).limit.onlySubject).toBe("t:t1:user:d");
  expect(compileBudget(budget({ level: "user" }), NOW).limit.onlySubject).toBeNull();
});
