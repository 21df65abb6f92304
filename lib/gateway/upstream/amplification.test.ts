import pino from "pino";
import { expect, test } from "vitest";
import { MemoryAdmission } from "@/lib/admission/memory/memory";
import { seeded } from "@/lib/scarcity/simulation/events";
import { Places } from "./places";
import { Rooms } from "./room/rooms";
import { modelFor, sharedPlaces } from "./scarce.suite";
import { Upstreams } from "./upstreams";

const START = 1_800_000_000_000;
const CALLS = 1000;
const EVERY_MS = 100;
const log = pino({ level: "silent" });
const MODEL = modelFor({ requests: 1, tokens: 1, figures: "none", ramp: null });

/** How a failing provider answers: a status, or no answer. */
type Mode = (roll: number) => number | "silent";
const MODES: readonly (readonly [name: string, mode: Mode, closes: boolean])[] = [
  ["dead", () => "silent", true],
  ["limited", () => 429, true],
  ["failing", () => 500, true],
  ["half-dead", (roll) => (roll < 0.6 ? 500 : 200), true],
  ["ailing", (roll) => (roll < 0.3 ? 503 : 200), false],
];

/** A thousand calls of two tenants. The provider fails in the middle; the other provider serves everything. */
async function run(mode: Mode, seed: number) {
  const clock = { at: START, now: () => clock.at };
  const random = seeded(seed);
  const places = new Places({ store: sharedPlaces(clock), clock, log });
  const rooms = new Rooms({ admission: new MemoryAdmission(clock), log });
  const upstreams = new Upstreams({ places, rooms, clock, random });
  let [sent, served, sentLast] = [0, 0, 0];
  for (let call = 0; call < CALLS; call++) {
    clock.at += EVERY_MS;
    const isTrouble = call >= 200 && call < 400;
    const by = `r${call}`;
    const door = upstreams.door(MODEL);
    const isOpen = door.kind === "open" || (door.kind === "probe" && (await upstreams.probe(MODEL, by)));
    // While the provider cools down, the other provider is called directly.
    let isServed = !isOpen;
    sent += 1;
    const asked = { model: MODEL, tenantId: `t${call % 2}`, isLastWay: false, states: [] };
    const watched = upstreams.watch({ ...asked, requestId: by, isRetry: false });
    if (!isOpen) watched.ended("client_abort");
    else {
      if (call >= 800) sentLast += 1;
      const answer = isTrouble ? mode(random()) : 200;
      if (answer === "silent") watched.ended("upstream_timeout");
      else {
        watched.answered(answer, () => null);
        watched.ended(answer === 200 ? "complete" : "upstream_refused");
      }
      isServed = answer === 200;
      if (!isServed && upstreams.budget.take()) {
        sent += 1;
        upstreams.watch({ ...asked, requestId: `${by}-again`, isRetry: true }).ended("complete");
        isServed = true;
      }
    }
    served += isServed ? 1 : 0;
    await places.round();
  }
  return { sent, served, sentLast };
}

test.each(MODES)(
  "a provider that is %s: at most 10 % more calls are sent, and all traffic returns to it",
  async (_, mode, closes) => {
    for (const seed of [1, 2, 3, 4, 5]) {
      const { sent, served, sentLast } = await run(mode, seed);
      expect(sent / CALLS, `seed ${seed}`).toBeLessThanOrEqual(1.1);
      expect(sentLast, `seed ${seed}`).toBe(200);
      // Within the budget the other provider serves every call.
      if (closes) expect(served, `seed ${seed}`).toBeGreaterThanOrEqual(CALLS - 30);
    }
  },
);
