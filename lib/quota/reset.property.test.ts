import { expect, test } from "vitest";
import { MemoryAdmission } from "@/lib/admission/memory/memory";
import { DAY_MS } from "@/lib/clock";
import fc from "@/lib/fuzz/properties.suite";
import { type AppliedLimit, plan } from "@/lib/limits/plan";
import { NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import type { Rule } from "@/lib/limits/rules/rule";

/** The reported reset against the counter itself: nothing is used then, and something is a second before. */
const START = 1_795_000_000_000;

const anyRule = fc.record({
  algorithm: fc.constantFrom("token_bucket", "leaky_bucket", "sliding_window", "fixed_window", "calendar_window"),
  capacity: fc.integer({ min: 1, max: 5000 }),
  refill: fc.constantFrom(1, 7, 60, 5000),
  periodMs: fc.constantFrom(1000, 5000, 60_000, 3_600_000),
});

function limitOf({ algorithm, capacity, refill, periodMs }: typeof anyRule extends fc.Arbitrary<infer T> ? T : never) {
  const startMs = Math.floor(START / DAY_MS) * DAY_MS;
  const isCalendar = algorithm === "calendar_window";
  const bounds = isCalendar ? { startMs, endMs: startMs + DAY_MS, nextEndMs: startMs + 2 * DAY_MS } : null;
  const rule: Rule = {
    algorithm,
    capacity,
    periodMs,
    credit: 0,
    bounds,
    refill: algorithm === "token_bucket" ? refill : capacity,
  };
  const name = { limitId: "l", subject: "s", slotId: "x", counter: "s#x", observe: false } as const;
  return { ...name, layer: "tenant", dimension: "total_tokens", rule } satisfies AppliedLimit;
}

test("the reported reset is when nothing is used any more, to the second", async () => {
  await fc.assert(
    fc.asyncProperty(
      anyRule,
      fc.array(fc.record({ gapMs: fc.nat({ max: 7000 }), share: fc.double({ min: 0.01, max: 1, noNaN: true }) }), {
        minLength: 1,
        maxLength: 12,
      }),
      async (shape, calls) => {
        const clock = { at: START };
        const store = new MemoryAdmission({ now: () => clock.at });
        const limit = limitOf(shape);
        for (const [index, { gapMs, share }] of calls.entries()) {
          clock.at += gapMs;
          const amounts = { ...NO_AMOUNTS, total_tokens: Math.max(1, Math.floor(share * shape.capacity)) };
          const rest = { tenantId: "t", caller: "c", brake: null, policyVersion: 1, leaseMs: 15_000, intent: "" };
          const plans = [plan({ candidate: "c", limits: [limit], amounts })];
          await store.admit({ ...rest, requestId: `r${index}`, plans });
        }
        const [state] = (await store.peek([limit])).states;
        if (state === undefined || state.used === 0) return;
        const levelAfter = async (ms: number) => {
          const at = clock.at;
          clock.at += ms;
          const [later] = (await store.peek([limit])).states;
          clock.at = at;
          return later?.level ?? 0;
        };
        // Doubles: a millionth of a unit is no unit.
        expect(await levelAfter(state.resetMs)).toBeLessThanOrEqual(1e-6);
        if (state.resetMs > 1000) expect(await levelAfter(state.resetMs - 1000)).toBeGreaterThan(0);
      },
    ),
    { numRuns: 1500 },
  );
});

test("half a unit of ten, one of which comes back in a minute, resets in thirty seconds", async () => {
  const clock = { at: START };
  const store = new MemoryAdmission({ now: () => clock.at });
  const limit = limitOf({ algorithm: "token_bucket", capacity: 10, refill: 1, periodMs: 60_000 });
  const plans = [plan({ candidate: "c", limits: [limit], amounts: { ...NO_AMOUNTS, total_tokens: 1 } })];
  const rest = { tenantId: "t", caller: "c", brake: null, policyVersion: 1, leaseMs: 15_000, intent: "" };
  await store.admit({ ...rest, requestId: "r", plans });
  clock.at += 30_000;
  expect((await store.peek([limit])).states[0]).toMatchObject({ used: 1, resetMs: 30_000 });
});
