import { expect, test } from "vitest";
import { QUEUE_CONSTANTS } from "../order/constants";
import { SCARCITY_DEFAULTS, scarcityOf, scarcityShape } from "../settings";
import { busiestMinute, faredUnder } from "./replay";
import type { Arrival } from "./world";

const arrivals = Array.from({ length: 600 }, (_, index): Arrival => {
  const priority = index % 2 === 0 ? "interactive" : "batch";
  return { at: index * 100, tenantId: `t${index % 3}`, priority, weight: 1, cost: 100, runMs: 500 };
});

function fared(constants: typeof QUEUE_CONSTANTS, perMinute: number) {
  const work = faredUnder(constants, { arrivals, perMinute });
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}

test("with room for all nobody waits; with half of it the urgent are served first and batch waits", () => {
  const whole = busiestMinute(arrivals);
  expect(whole).toBe(60_000);
  expect(fared(QUEUE_CONSTANTS, whole * 2)).toMatchObject([
    { priority: "interactive", calls: 300, served: 300, p95WaitMs: 0 },
    { priority: "standard", calls: 0, p95WaitMs: null },
    { priority: "batch", served: 300, p95WaitMs: 0 },
    { priority: "background", calls: 0 },
  ]);
  const [interactive, , batch] = fared(QUEUE_CONSTANTS, whole / 2);
  expect(interactive).toMatchObject({ served: 300, lost: 0 });
  expect(interactive?.p95WaitMs ?? 9999).toBeLessThan(2000);
  expect(batch?.p95WaitMs ?? 0).toBeGreaterThan(10_000);
});

test("constants change the outcome: a batch call that may wait two seconds is lost", () => {
  const hasty = { ...QUEUE_CONSTANTS, waitMs: { ...QUEUE_CONSTANTS.waitMs, batch: 2000 } };
  const [, , batch] = fared(hasty, busiestMinute(arrivals) / 2);
  expect(batch?.lost ?? 0).toBeGreaterThan(200);
});

test.each([
  ["nothing", null],
  ["no JSON", "{"],
  ["what nobody knows", '{"queue":{}}'],
])("%s stored is the default; what was stored is read back", (_, text) => {
  expect(scarcityOf(text)).toEqual(SCARCITY_DEFAULTS);
  const own = { ...SCARCITY_DEFAULTS, shed: { ...SCARCITY_DEFAULTS.shed, isOn: false } };
  expect(scarcityOf(JSON.stringify(own))).toEqual(own);
  expect(scarcityShape.safeParse({ ...own, more: 1 }).success).toBe(false);
});
