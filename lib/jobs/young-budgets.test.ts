import { expect, test } from "vitest";
import { HOUR_MS, SECOND_MS } from "@/lib/clock";
import type { BudgetRow } from "@/lib/policy/budget";
import { YoungBudgets } from "./young-budgets";

function rig(known: Readonly<Record<string, number>> = {}) {
  const at = { now: 1000 * HOUR_MS, budgets: Object.keys(known) };
  const checks: { id: string; atMs: number }[] = [];
  const began = at.now;
  const policy = {
    get snapshot() {
      return { budgets: at.budgets.map((id) => ({ id }) as BudgetRow) };
    },
  };
  const raise = async (budgets: readonly BudgetRow[]) => {
    for (const { id } of budgets) checks.push({ id, atMs: at.now - began });
  };
  const created = new Map(Object.entries(known).map(([id, age]) => [id, at.now - age]));
  const young = new YoungBudgets({ policy, clock: { now: () => at.now }, raise }, created);
  const pass = async (ms: number) => {
    const end = at.now + ms;
    while (at.now < end) {
      at.now += SECOND_MS;
      await young.run();
    }
  };
  return { at, checks, pass };
}

test("a call that ran when a budget came is counted after at most a quarter of its time more", async () => {
  const { at, checks, pass } = rig({ old: 90 * HOUR_MS });
  await pass(5 * SECOND_MS);
  at.budgets = ["old", "new"];
  await pass(HOUR_MS);
  const times = checks.map(({ atMs }) => atMs - 6 * SECOND_MS);
  expect(checks.every(({ id }) => id === "new")).toBe(true);
  for (let ended = SECOND_MS; ended < HOUR_MS / 2; ended += SECOND_MS) {
    const counted = times.find((time) => time >= ended) ?? Number.POSITIVE_INFINITY;
    expect(counted).toBeLessThanOrEqual(ended * 1.25 + 2 * SECOND_MS);
  }
  expect(checks.length).toBeLessThan(45);
});

test("it ends after the longest call", async () => {
  const { checks, pass } = rig({ new: 27 * HOUR_MS });
  await pass(40 * HOUR_MS);
  expect(checks.length).toBeGreaterThan(0);
  expect(Math.max(...checks.map(({ atMs }) => atMs))).toBeLessThan(8 * HOUR_MS);
});

test("a budget that was removed and came back is new, and a removed one is left alone", async () => {
  const { at, checks, pass } = rig({ one: 90 * HOUR_MS });
  at.budgets = [];
  await pass(10 * SECOND_MS);
  expect(checks).toEqual([]);
  at.budgets = ["one"];
  await pass(10 * SECOND_MS);
  expect(checks.length).toBeGreaterThan(1);
  at.budgets = [];
  const before = checks.length;
  await pass(HOUR_MS);
  expect(checks).toHaveLength(before);
});
