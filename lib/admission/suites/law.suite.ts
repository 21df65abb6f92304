import { describe, expect, test } from "vitest";
import fc from "@/lib/fuzz/properties.suite";
import { type AppliedLimit, plan } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import type { Admission } from "../admission";
import { LEASE_MS, limit, REST, setUp, TENANT } from "./fixture.suite";

const step = fc.record({
  gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 20_000 })),
  kind: fc.constantFrom("admit", "admit", "admit", "settle", "settle", "note", "edit"),
  cost: fc.oneof(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 1000 })),
  which: fc.nat({ max: 20 }),
  share: fc.double({ min: 0, max: 2, noNaN: true }),
  capacity: fc.constantFrom(600, 1000, 1400),
  refill: fc.constantFrom(1, 600, 1000, 60_000),
});

type Call = {
  readonly id: string;
  readonly at: number;
  readonly reserved: number;
  used: number | null;
  /** units that could leak from the first call to this one; between two admissions the fastest pace in between counts */
  readonly leaked: number;
};

/**
 * The law of reservations on an implementation of the store: one bucket and one window that all calls pass, judged by
 * what is known of every call. The bucket's size and pace change while calls run. A model of a few lines, which shares
 * nothing with the engine.
 */
export function lawSuite(name: string, make: (clock: { now(): number }) => Promise<Admission>, runs: number): void {
  describe(`the law of reservations: ${name}`, () => {
    test("real use of calls begun in any interval stays within capacity + refill * T, and in any window within it", {
      timeout: 120_000,
    }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
          const { clock, store } = await setUp(make);
          const calls: Call[] = [];
          const running: Call[] = [];
          let [capacity, refill, most, policyVersion] = [1000, 1000, 1000, 1];
          /** the fastest pace since the last admission: a bucket that emptied before it was made slower is forgotten */
          let fastest = refill;
          const limits = (): AppliedLimit[] => [
            limit("tenant", capacity, { refill }),
            limit("user", capacity, { algorithm: "sliding_window" }),
          ];
          for (const [index, { gapMs, kind, cost, which, share, ...edit }] of steps.entries()) {
            clock.at += gapMs;
            const call = running[which % Math.max(1, running.length)];
            if (kind === "edit") {
              ({ capacity, refill } = edit);
              most = Math.max(most, capacity);
              fastest = Math.max(fastest, refill);
              policyVersion += 1;
              await store.publish(policyVersion, [TENANT]);
            } else if (kind === "note" && call !== undefined) {
              await store.heartbeat({ tenantId: TENANT, requestId: call.id, leaseMs: LEASE_MS, note: "so far" });
            } else if (kind === "settle" && call !== undefined) {
              call.used = Math.floor(call.reserved * share);
              const actual = { ...NO_AMOUNTS, total_tokens: call.used };
              await store.settle({ tenantId: TENANT, requestId: call.id, actual });
              running.splice(running.indexOf(call), 1);
            } else if (kind === "admit") {
              const plans = [
                plan({ candidate: "c", limits: limits(), amounts: { ...NO_AMOUNTS, total_tokens: cost } }),
              ];
              const who = { requestId: `r${index}`, caller: `c${index}` };
              const request = { ...REST, ...who, policyVersion, plans, leaseMs: LEASE_MS };
              if ((await store.admit(request)).kind !== "admit") continue;
              const before = calls.at(-1);
              const leaked = before === undefined ? 0 : before.leaked + ((clock.at - before.at) * fastest) / 60_000;
              fastest = refill;
              const admitted = { id: `r${index}`, at: clock.at, reserved: cost, used: null, leaked };
              calls.push(admitted);
              running.push(admitted);
              expectWithin(calls, most, admitted);
            }
          }
        }),
        { numRuns: runs },
      );
    });
  });
}

/** With everything that is known now, for every interval that ends now. */
function expectWithin(calls: readonly Call[], capacity: number, last: Call): void {
  let sum = 0;
  for (const call of [...calls].reverse()) {
    sum += call.used ?? call.reserved;
    expect(sum).toBeLessThanOrEqual(capacity + (last.leaked - call.leaked) + 1e-6);
    if (call.at + 60_000 > last.at) expect(sum).toBeLessThanOrEqual(capacity);
  }
}
