import { expect, test } from "vitest";
import { newBudget } from "@/lib/console/money/budgets";
import { inOrder, STEPS_MAX, stepsFault, type Threshold, USUAL_STEPS, withNext } from "./thresholds";

const step = (percent: number, action: Threshold["action"] = "alert"): Threshold => ({ percent, action });
const taken = (thresholds: readonly Threshold[]) =>
  newBudget.safeParse({ slug: "a", level: "global", period: "day", amountMicroUsd: 1, thresholds }).success;

test.each<[string, readonly Threshold[], boolean]>([
  ["the usual ones", USUAL_STEPS, true],
  ["none: it only counts", [], true],
  ["out of order", [step(90, "refuse"), step(10)], true],
  ["one percentage twice", [step(50), step(50, "refuse")], false],
  ["two that refuse", [step(90, "refuse"), step(100, "refuse")], false],
  ["a percentage of nothing", [step(0)], false],
])("the form takes what the API takes: %s", (_name, steps, isGood) => {
  expect(stepsFault(steps) === null).toBe(isGood);
  expect(taken(inOrder(steps))).toBe(isGood);
});

test("a step that is added is above the others and can be saved", () => {
  let steps: Threshold[] = [];
  for (let added = 0; added < STEPS_MAX; added++) steps = withNext(steps);
  expect([stepsFault(steps), taken(steps)]).toEqual([null, true]);
});
