import pino from "pino";
import { expect, test } from "vitest";
import { MemoryAdmission } from "@/lib/admission/memory/memory";
import { Places } from "../places";
import { modelFor, sharedPlaces } from "../scarce.suite";
import { Upstreams } from "../upstreams";
import { Rooms } from "./rooms";

const model = modelFor({ requests: 60, tokens: 1000, figures: "none", ramp: null });
const log = pino({ level: "silent" });

test("a provider that names other limits with each answer causes a few writes a second, and the lesser one holds", async () => {
  const clock = { at: 1_800_000_000_000, now: () => clock.at };
  let writes = 0;
  const shared = sharedPlaces(clock);
  const store: typeof shared = {
    since: shared.since,
    write: (place) => {
      writes += 1;
      return shared.write(place);
    },
  };
  const places = new Places({ store, clock, log });
  const rooms = new Rooms({ admission: new MemoryAdmission(clock), log });
  const upstreams = new Upstreams({ places, rooms, clock, random: () => 0 });
  for (let call = 0; call < 1000; call++) {
    clock.at += 10;
    const headers: Readonly<Record<string, string>> = {
      "x-ratelimit-limit-requests": String(call % 2 === 0 ? 100 : 10),
      "x-ratelimit-remaining-requests": "9",
    };
    const watched = upstreams.watch({
      model,
      tenantId: "t",
      requestId: `r${call}`,
      isLastWay: false,
      isRetry: false,
      states: [],
    });
    watched.answered(200, (name) => headers[name] ?? null);
    watched.ended("complete");
    for (let spin = 0; spin < 5; spin++) await Promise.resolve();
  }
  // Ten seconds: one rise and one fall in each.
  expect(writes).toBeGreaterThan(1);
  expect(writes).toBeLessThanOrEqual(25);
  expect(upstreams.room(model, "interactive")[0]?.rule.refill).toBeLessThan(10);
});
