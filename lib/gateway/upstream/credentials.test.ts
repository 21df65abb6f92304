import pino from "pino";
import { expect, test } from "vitest";
import { MemoryAdmission } from "@/lib/admission/memory/memory";
import { Places } from "./places";
import { Rooms } from "./room/rooms";
import { modelFor, sharedPlaces } from "./scarce.suite";
import { Upstreams } from "./upstreams";

const clock = { now: () => 1_800_000_000_000 };
const log = pino({ level: "silent" });
const plain = modelFor({ requests: 60, tokens: 1000, figures: "operator", ramp: null });
const way = (credentialId: string, weight: number) => ({ weight, provider: { ...plain.provider, credentialId } });
const WAYS = [way("p", 1), way("p~second", 3), way("p~third", 4)];
const model = { ...plain, provider: { ...plain.provider, ways: WAYS } };

function upstreams(): Upstreams {
  const places = new Places({ store: sharedPlaces(clock), clock, log });
  return new Upstreams({
    places,
    rooms: new Rooms({ admission: new MemoryAdmission(clock), log }),
    clock,
    random: () => 0,
  });
}

function shares(of: Upstreams): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let roll = 0; roll < 1; roll += 1 / 8) {
    const { credentialId } = of.withCredential(model, roll).provider;
    counts[credentialId] = (counts[credentialId] ?? 0) + 1;
  }
  return counts;
}

test("each credential gets its share of the calls; a provider with one credential uses that", () => {
  expect(shares(upstreams())).toEqual({ p: 1, "p~second": 3, "p~third": 4 });
  expect(upstreams().withCredential(plain, 0.5)).toBe(plain);
});

test("a credential that cools down gets no calls and the others take its share; with all closed one is still named", () => {
  const of = upstreams();
  const limit = (index: number) => {
    const { provider } = WAYS[index] ?? WAYS[0] ?? { provider: plain.provider };
    const call = { tenantId: "t", requestId: `r${index}`, isLastWay: false, isRetry: false, states: [] };
    of.watch({ ...call, model: { ...model, provider } }).answered(429, (name) =>
      name === "retry-after" ? "60" : null,
    );
  };
  limit(2);
  expect(Object.keys(shares(of))).toEqual(["p", "p~second"]);
  limit(0);
  limit(1);
  expect(Object.keys(shares(of))).toHaveLength(3);
});

test("each credential has its own limits", () => {
  const of = upstreams();
  const counters = WAYS.map(({ provider }) => of.room({ ...model, provider }, "interactive")[0]?.counter);
  expect(new Set(counters).size).toBe(3);
});
