import { expect, test } from "vitest";
import { PRIORITIES } from "@/lib/limits/rules/priority";
import { seeded } from "../simulation/events";
import { type Load, pressureOf, SHED_CONSTANTS } from "./pressure";
import { Shedding } from "./shedding";

const idle: Load = { loopDelayMs: 0, callsShare: 0, waitingCalls: 0, headroomUsed: null };
const queued = (times: number): Load => ({ ...idle, waitingCalls: times * SHED_CONSTANTS.waitingCalls });
const make = () => new Shedding(() => SHED_CONSTANTS);
const shares = (shedding: Shedding) => PRIORITIES.map((priority) => shedding.share(priority));

test.each([
  ["nothing below twice a limit", 1.99, [0, 0, 0, 0]],
  ["background from there", 2.4, [0, 0, 0, 0.4]],
  ["all but one of a hundred of it at three times", 3, [0, 0, 0, 0.99]],
  ["then batch", 3.5, [0, 0, 0.5, 0.99]],
  ["then standard calls are downgraded", 4.25, [0, 0.25, 1, 0.99]],
  ["interactive is kept at any pressure", 50, [0, 1, 1, 0.99]],
])("sheds %s", (_, times, expected) => {
  const shedding = make();
  shedding.update(queued(times), 0);
  expect(shares(shedding).map((share) => Math.round(share * 1000) / 1000)).toEqual(expected);
});

test("a standard call is downgraded, a batch call is shed, and both by the roll of the call", () => {
  const shedding = make();
  shedding.update(queued(4.5), 0);
  expect([shedding.verdict("standard", 0.49), shedding.verdict("standard", 0.5)]).toEqual(["downgrade", "keep"]);
  expect([shedding.verdict("batch", 0.99), shedding.verdict("interactive", 0)]).toEqual(["shed", "keep"]);
  expect(shedding.verdict("background", 0.995)).toBe("keep");
});

test("it goes up at once and down with a half-life of five minutes", () => {
  const shedding = make();
  shedding.update(queued(4), 0);
  for (let second = 1; second <= 300; second++) shedding.update(idle, second * 1000);
  expect(shedding.pressure).toBeCloseTo(2, 6);
  shedding.update(queued(6), 301_000);
  expect(shedding.pressure).toBe(6);
  for (let second = 302; second < 6000; second++) shedding.update(idle, second * 1000);
  expect(shedding.pressure).toBe(0);
});

test("a load that jumps about every tenth of a second changes what is shed once a second at most, and holds between", () => {
  const random = seeded(1);
  const shedding = make();
  shedding.update(queued(3.2), 0);
  let changes = 0;
  let before = shedding.pressure;
  for (let at = 100; at <= 60_000; at += 100) {
    shedding.update(queued(random() < 0.5 ? 0 : 3.2), at);
    if (shedding.pressure !== before) changes += 1;
    before = shedding.pressure;
    // Shed or kept is never switched to and fro: half a minute costs a fourteenth of the pressure.
    expect(shedding.share("background")).toBeGreaterThan(0.9);
  }
  expect(changes).toBeLessThanOrEqual(60);
});

test("the hardest of all presses counts, and is named", () => {
  expect(pressureOf({ ...idle, loopDelayMs: 1000, callsShare: 0.5 }, SHED_CONSTANTS)).toEqual({
    pressure: 2,
    by: "event loop",
  });
  expect(pressureOf({ ...idle, callsShare: 1 }, SHED_CONSTANTS).by).toBe("calls at once");
  expect(pressureOf({ ...idle, headroomUsed: 0.94 }, SHED_CONSTANTS).pressure).toBeLessThan(1);
  // A provider without room sheds background calls only: others wait for it.
  expect(pressureOf({ ...idle, headroomUsed: 1 }, SHED_CONSTANTS)).toEqual({ pressure: 3, by: "provider" });
});

test("switched off it keeps everything", () => {
  const shedding = new Shedding(() => ({ ...SHED_CONSTANTS, isOn: false }));
  shedding.update(queued(9), 0);
  expect(PRIORITIES.map((priority) => shedding.verdict(priority, 0))).toEqual(["keep", "keep", "keep", "keep"]);
});
