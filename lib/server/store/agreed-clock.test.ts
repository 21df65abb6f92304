import { describe, expect, test } from "vitest";
import { HOUR_MS } from "@/lib/clock";
import { makeLog } from "@/lib/log";
import { AgreedClock, agreedOn } from "./agreed-clock";

const TRUE = 1_000_000_000;
const STEP = 25 * HOUR_MS;

describe("what the clocks agree on", () => {
  test.each([
    { clocks: "all agree", own: TRUE, others: [TRUE + 30, TRUE - 500], kept: TRUE - 5, agreed: TRUE },
    { clocks: "the store is off", own: TRUE, others: [TRUE + 9, TRUE + STEP], kept: TRUE, agreed: TRUE },
    { clocks: "the database is off", own: TRUE, others: [TRUE - STEP, TRUE + 9], kept: TRUE, agreed: TRUE },
    { clocks: "our own is off", own: TRUE + STEP, others: [TRUE + 9, TRUE], kept: TRUE, agreed: TRUE + 9 },
    { clocks: "no two agree", own: TRUE + STEP, others: [TRUE - STEP, TRUE], kept: TRUE + 1, agreed: TRUE + 1 },
    { clocks: "one other, which is off", own: TRUE, others: [TRUE + STEP], kept: TRUE + 1, agreed: TRUE + 1 },
    { clocks: "one other, our own is off", own: TRUE + STEP, others: [TRUE], kept: TRUE + 1, agreed: TRUE + 1 },
    { clocks: "the whole machine was set", own: TRUE + STEP, others: [TRUE + STEP], kept: TRUE, agreed: TRUE + STEP },
    { clocks: "nobody else", own: TRUE, others: [], kept: TRUE + 1, agreed: TRUE + 1 },
  ])("$clocks", ({ own, others, kept, agreed }) => {
    expect(agreedOn({ own, others, kept })).toBe(agreed);
  });
});

function world() {
  const time = { own: TRUE, elapsed: 500, database: TRUE, store: TRUE };
  const clock = new AgreedClock({
    own: { now: () => time.own },
    elapsed: () => time.elapsed,
    log: makeLog("silent"),
  });
  const pass = (ms: number) => {
    for (const name of ["own", "elapsed", "database", "store"] as const) time[name] += ms;
  };
  clock.join({ name: "database", ask: async () => time.database });
  clock.join({ name: "store", ask: async () => time.store });
  let told = 0;
  clock.onStoreOff(() => {
    told += 1;
  });
  return { time, clock, pass, told: () => told };
}

test("our own clock is set between two looks: time goes on as it was agreed", async () => {
  const { time, clock, pass } = world();
  await clock.look();
  pass(300);
  time.own += STEP;
  expect(clock.now()).toBe(TRUE + 300);
  pass(1000);
  await clock.look();
  expect(clock.now()).toBe(TRUE + 1300);
  time.own -= STEP;
  expect(clock.now()).toBe(TRUE + 1300);
});

test("a step of the clock of the store is noticed once, and the clock is believed again when it is right", async () => {
  const { time, clock, told } = world();
  await clock.look();
  expect(clock.isStoreOff).toBe(false);
  time.store += STEP;
  clock.storeIsOff();
  await clock.look();
  expect([clock.isStoreOff, told(), clock.now(), clock.offBy.get("store")]).toEqual([true, 1, TRUE, STEP]);
  time.store -= STEP;
  await clock.look();
  expect([clock.isStoreOff, told()]).toEqual([false, 1]);
});

test("a clock that does not answer has no say", async () => {
  const { time, clock } = world();
  clock.join({ name: "store", ask: () => Promise.reject(new Error("away")) });
  await clock.look();
  expect(clock.now()).toBe(time.own);
});
