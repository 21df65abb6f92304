import { expect, test } from "vitest";
import { PRIORITIES, type Priority, rankOf } from "@/lib/limits/rules/priority";
import { longestWaitMs } from "../order/band";
import { QUEUE_CONSTANTS } from "../order/constants";
import { drawn } from "./arrivals.suite";
import { seeded } from "./events";
import { type Arrival, type Ended, World } from "./world";

/** SEEDS=1000 and more search longer; a failure names its seed. */
const SEEDS = Number(process.env.SEEDS ?? 200);
/** Thousands of seeds take minutes to an hour. */
const LONG = { timeout: 3_600_000 };
const LARGEST = 2000;
const PER_MS = 1;
const MINUTE_MS = 60_000;

const seeds = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const patient: Record<Priority, number> = { interactive: 1e9, standard: 1e9, batch: 1e9, background: 1e9 };
const resource = { perMs: PER_MS, burst: LARGEST, largest: LARGEST };

test(`no call waits longer than the closed form of its class, over ${SEEDS} seeds`, LONG, () => {
  for (const seed of seeds(SEEDS)) {
    const random = seeded(seed);
    const ageingMs = 5000 + Math.floor(random() * 20_000);
    const constants = { ...QUEUE_CONSTANTS, ageingMs, waitMs: patient, tenantCallsMax: 1000 };
    const world = new World({ ...resource, constants, processes: 1, random });
    const load = { load: 1 + 3 * random(), perMs: PER_MS, largest: LARGEST };
    const ended = world.run(drawn({ ...load, random, forMs: 60_000, tenants: 1 + Math.floor(random() * 8) }));
    const callMs = LARGEST / PER_MS;
    for (const priority of PRIORITIES) {
      const bound = longestWaitMs({ rank: rankOf(priority), ageingMs, aheadMost: world.mostWaiting, callMs });
      const longest = Math.max(0, ...ended.flatMap((one) => (one.priority === priority ? one.waitedMs : [])));
      expect(longest, `seed ${seed}, ${priority}`).toBeLessThanOrEqual(bound);
    }
    expect(ended.every(({ how }) => how === "served")).toBe(true);
  }
});

test.each(PRIORITIES)(
  "the closed form says something: a %s call can be made to wait for two thirds of it",
  (priority) => {
    const ageingMs = 5000;
    const constants = { ...QUEUE_CONSTANTS, ageingMs, waitMs: patient, tenantCallsMax: 1000 };
    const world = new World({ ...resource, constants, processes: 1, random: seeded(1) });
    const ended = world.run(worstCase(priority, ageingMs));
    const callMs = LARGEST / PER_MS;
    const bound = longestWaitMs({ rank: rankOf(priority), ageingMs, aheadMost: world.mostWaiting, callMs });
    const waited = ended.find(({ tenantId, at }) => tenantId === "last" && at > 0)?.waitedMs ?? 0;
    expect(waited / bound).toBeLessThanOrEqual(1);
    expect(waited / bound).toBeGreaterThan(2 / 3);
  },
);

test("no call waits longer than the bound of its class, and urgent calls wait least", LONG, () => {
  for (const seed of seeds(Math.ceil(SEEDS / 10))) {
    const random = seeded(seed);
    const world = new World({ ...resource, constants: QUEUE_CONSTANTS, processes: 1, random });
    const ended = world.run(drawn({ random, load: 2, perMs: PER_MS, largest: LARGEST, forMs: 120_000, tenants: 5 }));
    const { waitMs } = QUEUE_CONSTANTS;
    expect(
      ended.filter((one) => one.waitedMs > waitMs[one.priority]),
      `seed ${seed}`,
    ).toEqual([]);
    const early = ended.filter((one) => one.how === "late" && one.waitedMs < waitMs[one.priority]);
    expect(early, `seed ${seed}`).toEqual([]);
    const shares = PRIORITIES.map((priority) => servedShare(ended, priority));
    expect(shares[0], `seed ${seed}: ${shares}`).toBeGreaterThan(shares[3] ?? 1);
  }
});

test("at ten times the load every class is served in every minute", LONG, () => {
  for (const seed of seeds(Math.ceil(SEEDS / 50))) {
    const random = seeded(seed);
    const world = new World({ ...resource, constants: QUEUE_CONSTANTS, processes: 1, random });
    const forMs = 6 * MINUTE_MS;
    const ended = world.run(drawn({ random, load: 10, perMs: PER_MS, largest: LARGEST, forMs, tenants: 20 }));
    for (const priority of PRIORITIES) {
      const minutes = new Set<number>();
      for (const one of ended) {
        if (one.how === "served" && one.priority === priority)
          minutes.add(Math.floor((one.at + one.waitedMs) / MINUTE_MS));
      }
      const missing = [1, 2, 3, 4, 5].filter((minute) => !minutes.has(minute));
      expect(missing, `seed ${seed}: ${priority}`).toEqual([]);
    }
  }
});

test(
  "two tenants that wait all the time differ by at most twice their largest call or what they have in flight",
  LONG,
  () => {
    for (const seed of seeds(Math.ceil(SEEDS / 10))) {
      const random = seeded(seed);
      const constants = { ...QUEUE_CONSTANTS, waitMs: patient, tenantCallsMax: 5000 };
      const world = new World({ ...resource, constants, processes: 1, random });
      // One tenant sends calls of the largest size, the other small ones. All of them wait from the beginning.
      const runMs = Math.floor(random() * 3000);
      const calls = (tenantId: string, count: number, most: number): Arrival[] =>
        Array.from({ length: count }, () => {
          const cost = 1 + Math.floor(random() * most);
          return { at: 0, tenantId, priority: "standard", weight: 1, cost, runMs };
        });
      const ended = world.run([...calls("large", 200, LARGEST), ...calls("small", 2000, LARGEST / 10)]);
      const bound = 2 * Math.max(LARGEST, PER_MS * runMs + LARGEST);
      let [large, small, most] = [0, 0, 0];
      let [largeLeft, smallLeft] = [200, 2000];
      for (const { tenantId, cost } of ended) {
        if (tenantId === "large") [large, largeLeft] = [large + cost, largeLeft - 1];
        else [small, smallLeft] = [small + cost, smallLeft - 1];
        if (largeLeft === 0 || smallLeft === 0) break;
        most = Math.max(most, Math.abs(large - small));
      }
      expect(most, `seed ${seed}`).toBeLessThanOrEqual(bound);
    }
  },
);

test("ten tenants with equal weights get equal shares: Jain's index over 1,000 calls is 0.99 or more", LONG, () => {
  for (const seed of seeds(Math.ceil(SEEDS / 50))) {
    const got = sharesOf(seed, () => 1);
    expect(jain(got), `seed ${seed}`).toBeGreaterThanOrEqual(0.99);
  }
});

test("tenants get by their weights", LONG, () => {
  for (const seed of seeds(Math.ceil(SEEDS / 50))) {
    const weightAt = (tenant: number) => [1, 4, 16][tenant % 3] ?? 1;
    const got = sharesOf(seed, weightAt).map((cost, tenant) => cost / weightAt(tenant));
    expect(jain(got), `seed ${seed}`).toBeGreaterThanOrEqual(0.98);
  }
});

test("with four processes each call is served before at most three better ones of the others", LONG, () => {
  let inverted = 0;
  for (const seed of seeds(Math.ceil(SEEDS / 20))) {
    const random = seeded(seed);
    const world = new World({ ...resource, constants: QUEUE_CONSTANTS, processes: 4, random });
    const arrivals = drawn({ random, load: 3, perMs: PER_MS, largest: LARGEST, forMs: 60_000, tenants: 6 });
    let most = 0;
    for (const one of world.run(arrivals, () => Math.floor(random() * 4))) {
      most = Math.max(most, one.inverted);
      inverted += one.inverted;
    }
    expect(most, `seed ${seed}`).toBeLessThanOrEqual(3);
  }
  // Inversions do happen: the slack is what lets four processes serve at all.
  expect(inverted).toBeGreaterThan(0);
});

/**
 * The worst case for a call. Its tenant has used more than all others, who keep the resource busy until the last moment
 * at which a newer call can go first, and then send as many as they can. Others of its own class take its floors.
 */
function worstCase(priority: Priority, ageingMs: number): Arrival[] {
  const one = { weight: 16, cost: LARGEST, runMs: 0 };
  const by = (at: number, count: number, of: Priority): Arrival[] =>
    Array.from({ length: count }, (_, index) => ({ ...one, at, tenantId: `t${index % 20}`, priority: of }));
  const untilMs = rankOf(priority) * ageingMs;
  const busy = Math.ceil((untilMs * PER_MS) / LARGEST) + 2;
  return [
    { ...one, at: 0, tenantId: "last", priority: "interactive", weight: 1 },
    ...by(1, busy, "interactive"),
    { ...one, at: 1, tenantId: "last", priority, weight: 1 },
    ...by(untilMs + 1, 200, "interactive"),
    ...by(untilMs + 1, 12, priority),
  ];
}

/** What each of ten tenants got of a resource, after the first thousand calls of a long queue were served. */
function sharesOf(seed: number, weightAt: (tenant: number) => number): number[] {
  const random = seeded(seed);
  const constants = { ...QUEUE_CONSTANTS, waitMs: patient, tenantCallsMax: 5000, classCallsMax: 50_000 };
  const world = new World({ ...resource, constants, processes: 1, random });
  const arrivals = Array.from({ length: 10_000 }, (_, index): Arrival => {
    const tenant = index % 10;
    const cost = 1 + Math.floor(random() * (LARGEST / 10) * (1 + (tenant % 4)));
    return { at: 0, tenantId: `t${tenant}`, priority: "batch", weight: weightAt(tenant), cost, runMs: 100 };
  });
  const got = new Array<number>(10).fill(0);
  for (const { tenantId, cost } of world.run(arrivals).slice(0, 1000)) {
    const tenant = Number(tenantId.slice(1));
    got[tenant] = (got[tenant] ?? 0) + cost;
  }
  return got;
}

function jain(values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0);
  return sum ** 2 / (values.length * values.reduce((total, value) => total + value ** 2, 0));
}

function servedShare(ended: readonly Ended[], priority: Priority): number {
  const all = ended.filter((one) => one.priority === priority);
  return all.filter(({ how }) => how === "served").length / Math.max(1, all.length);
}
