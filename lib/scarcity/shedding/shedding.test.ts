import { expect, test } from "vitest";
import { PRIORITIES, type Priority } from "@/lib/limits/rules/priority";
import { seeded } from "../simulation/events";
import { type Load, pressureOf, SHED_CONSTANTS } from "./pressure";
import { Shedding } from "./shedding";

const idle: Load = { loopDelayMs: 0, callsShare: 0, waitingCalls: 0 };
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
  const verdict = (priority: Priority, roll: number) => shedding.verdict(priority, roll, shedding.on([]));
  expect([verdict("standard", 0.49), verdict("standard", 0.5)]).toEqual(["downgrade", "keep"]);
  expect([verdict("batch", 0.99), verdict("interactive", 0)]).toEqual(["shed", "keep"]);
  expect(verdict("background", 0.995)).toBe("keep");
});

test("it goes up at once and down with a half-life of five minutes", () => {
  const shedding = make();
  shedding.update(queued(4), 0);
  for (let second = 1; second <= 300; second++) shedding.update(idle, second * 1000);
  expect(shedding.hardest.pressure).toBeCloseTo(2, 6);
  shedding.update(queued(6), 301_000);
  expect(shedding.hardest.pressure).toBe(6);
  for (let second = 302; second < 6000; second++) shedding.update(idle, second * 1000);
  expect(shedding.hardest.pressure).toBe(0);
});

test("a load that jumps about every tenth of a second changes what is shed once a second at most, and holds between", () => {
  const random = seeded(1);
  const shedding = make();
  shedding.update(queued(3.2), 0);
  let changes = 0;
  let before = shedding.hardest.pressure;
  for (let at = 100; at <= 60_000; at += 100) {
    shedding.update(queued(random() < 0.5 ? 0 : 3.2), at);
    if (shedding.hardest.pressure !== before) changes += 1;
    before = shedding.hardest.pressure;
    // The decision does not flap: half a minute lowers the pressure by a fourteenth.
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
});

test("a provider without room sheds background calls to it, none to another, and no others: those wait for it", () => {
  const shedding = make();
  const [full, roomy] = [[{ counter: "full" }], [{ counter: "roomy" }]];
  shedding.met("roomy", 0.94);
  shedding.met("full", 0.2);
  shedding.met("full", 1);
  shedding.update(idle, 0);
  expect(shedding.on(full)).toEqual({ pressure: 3, by: "provider" });
  expect(shedding.on(roomy).pressure).toBeLessThan(1);
  expect(shedding.on([]).pressure).toBe(0);
  const verdicts = (rooms: typeof full) => PRIORITIES.map((one) => shedding.verdict(one, 0.5, shedding.on(rooms)));
  expect(verdicts(full)).toEqual(["keep", "keep", "keep", "shed"]);
  expect(verdicts(roomy)).toEqual(["keep", "keep", "keep", "keep"]);
  expect(shedding.hardest).toEqual({ pressure: 3, by: "provider" });
  // It falls with the half-life of all pressure.
  for (let second = 1; second <= 300; second++) shedding.update(idle, second * 1000);
  expect(shedding.on(full).pressure).toBeCloseTo(1.5, 6);
});

test("switched off it keeps everything", () => {
  const shedding = new Shedding(() => ({ ...SHED_CONSTANTS, isOn: false }));
  shedding.update(queued(9), 0);
  expect(PRIORITIES.map((priority) => shedding.verdict(priority, 0, shedding.hardest))).toEqual([
    "keep",
    "keep",
    "keep",
    "keep",
  ]);
});
