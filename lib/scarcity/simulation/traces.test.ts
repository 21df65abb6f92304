import { expect, test } from "vitest";
import { PRIORITIES, rankOf } from "@/lib/limits/rules/priority";
import { longestWaitMs } from "../order/band";
import { QUEUE_CONSTANTS } from "../order/constants";
import { seeded } from "./events";
import { arrivalsOf, perMsFor, TRACES } from "./traces.suite";
import { World } from "./world";

const MINUTE_MS = 60_000;
const SEED = Number(process.env.SEED ?? 1);

test.each(TRACES)(`at twice what there is, %s keeps the bounds of every class (seed ${SEED})`, (trace) => {
  const arrivals = arrivalsOf(trace, SEED);
  const { perMs, largest } = perMsFor(arrivals, 2);
  const world = new World({
    constants: QUEUE_CONSTANTS,
    perMs,
    burst: largest,
    largest,
    processes: 1,
    random: seeded(SEED),
  });
  const ended = world.run(arrivals);
  const served = (priority: string) => ended.filter((one) => one.how === "served" && one.priority === priority);
  for (const priority of PRIORITIES) {
    const longest = Math.max(0, ...ended.flatMap((one) => (one.priority === priority ? one.waitedMs : [])));
    const { ageingMs, waitMs } = QUEUE_CONSTANTS;
    const callMs = largest / perMs;
    const bound = longestWaitMs({ rank: rankOf(priority), ageingMs, aheadMost: world.mostWaiting, callMs });
    expect(longest, priority).toBeLessThanOrEqual(Math.min(bound, waitMs[priority]));
    expect(served(priority).length, priority).toBeGreaterThan(0);
  }
  // In every whole minute that a background call waited through, one was served.
  const background = ended.filter(({ priority }) => priority === "background");
  const starved = background.flatMap(({ at, waitedMs }) => {
    const from = Math.ceil(at / MINUTE_MS);
    const to = Math.floor((at + waitedMs) / MINUTE_MS);
    return Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);
  });
  const withService = new Set(served("background").map(({ at, waitedMs }) => Math.floor((at + waitedMs) / MINUTE_MS)));
  expect([...new Set(starved)].filter((minute) => !withService.has(minute))).toEqual([]);
});
