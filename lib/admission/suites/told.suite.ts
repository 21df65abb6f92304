import { expect, test } from "vitest";
import { DAY_MS } from "@/lib/clock";
import fc from "@/lib/fuzz/properties.suite";
import { type AppliedLimit, plan } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { NEVER } from "@/lib/limits/slot";
import type { Admission } from "../admission";

const START = 1_795_000_000_000;
const REFUSALS = Number(process.env.TOLD_REFUSALS ?? 2000);
const CALLS_MAX = 200;

/**
 * P5 as a count: a lone caller that waits exactly as announced is admitted, one that comes a tenth earlier is not.
 * Random limits, costs and pauses; every refusal is tried both ways.
 */
export function toldSuite(
  name: string,
  make: (clock: { now(): number }) => Promise<Admission>,
  refusals = REFUSALS,
): void {
  test(`${name}: of ${refusals} random refusals every announced wait is enough, and a tenth less is not`, async () => {
    const seed = Number(process.env.SEED ?? 20_261_128);
    const clock = { at: START };
    const store = await make({ now: () => clock.at });
    const count = { refused: 0, admitted: 0, early: 0, earlyRefused: 0 };
    for (const scene of fc.sample(scenes, { seed, numRuns: refusals })) {
      if (count.refused >= refusals) break;
      await playUntilRefused(store, clock, scene, count);
      clock.at += 1000;
    }
    const message = `seed ${seed}: ${JSON.stringify(count)}`;
    expect(count.refused, message).toBeGreaterThan(refusals * 0.9);
    expect(count.admitted, message).toBe(count.refused);
    expect(count.earlyRefused, message).toBe(count.early);
  }, 120_000);
}

type Shape = {
  readonly algorithm: AppliedLimit["rule"]["algorithm"];
  readonly capacity: number;
  readonly refill: number;
  readonly periodMs: number;
};
type Scene = {
  readonly id: string;
  readonly shapes: readonly Shape[];
  readonly costs: readonly number[];
  readonly pauses: readonly number[];
};

const shape: fc.Arbitrary<Shape> = fc.record({
  algorithm: fc.constantFrom("token_bucket", "leaky_bucket", "sliding_window", "fixed_window", "calendar_window"),
  capacity: fc.integer({ min: 5, max: 5000 }),
  refill: fc.integer({ min: 1, max: 5000 }),
  periodMs: fc.constantFrom(1000, 60_000, 3_600_000),
});

const scenes: fc.Arbitrary<Scene> = fc.record({
  id: fc.uuid(),
  shapes: fc.array(shape, { minLength: 1, maxLength: 4 }),
  costs: fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 5, maxLength: 20 }),
  pauses: fc.array(fc.integer({ min: 0, max: 2000 }), { minLength: 3, maxLength: 8 }),
});

function limitsAt(scene: Scene, now: number): AppliedLimit[] {
  return scene.shapes.map(({ algorithm, capacity, refill, periodMs }, index) => {
    const startMs = Math.floor(now / DAY_MS) * DAY_MS;
    const bounds =
      algorithm === "calendar_window" ? { startMs, endMs: startMs + DAY_MS, nextEndMs: startMs + 2 * DAY_MS } : null;
    const subject = `t:acme:user:${scene.id}${index}`;
    return {
      limitId: `l${index}`,
      layer: "user",
      dimension: "total_tokens",
      subject,
      slotId: algorithm,
      counter: `${subject}#${algorithm}`,
      rule: { algorithm, capacity, refill, periodMs, credit: 0, bounds },
      observe: false,
    };
  });
}

let serial = 0;

async function playUntilRefused(
  store: Admission,
  clock: { at: number },
  scene: Scene,
  count: { refused: number; admitted: number; early: number; earlyRefused: number },
): Promise<void> {
  const least = Math.min(...scene.shapes.map(({ capacity }) => capacity));
  // A new caller each time: early callers get longer waits, which is tested elsewhere.
  const ask = (cost: number) => {
    const requestId = `told-${serial++}`;
    const amounts = { ...NO_AMOUNTS, total_tokens: cost };
    const plans = [plan({ candidate: "c", limits: limitsAt(scene, clock.at), amounts })];
    return store.admit({ ...REST, requestId, caller: requestId, plans });
  };
  for (let call = 0; call < CALLS_MAX; call++) {
    const cost = Math.min(scene.costs[call % scene.costs.length] ?? 1, least);
    const reply = await ask(cost);
    if (reply.kind === "admit") {
      clock.at += scene.pauses[call % scene.pauses.length] ?? 0;
      continue;
    }
    if (reply.kind !== "deny" || reply.retryAfterMs === NEVER) throw new Error(`unexpected: ${reply.kind}`);
    count.refused += 1;
    const since = clock.at;
    const early = Math.floor(reply.retryAfterMs * 0.9);
    if (early < reply.retryAfterMs) {
      clock.at = since + early;
      count.early += 1;
      if ((await ask(cost)).kind === "deny") count.earlyRefused += 1;
    }
    clock.at = since + reply.retryAfterMs;
    if ((await ask(cost)).kind === "admit") count.admitted += 1;
    return;
  }
}

const REST = { tenantId: "acme", brake: null, policyVersion: 1, intent: "", leaseMs: 15_000 };
