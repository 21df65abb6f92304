import { expect, test } from "vitest";
import { MemoryAdmission } from "@/lib/admission/memory/memory";
import { DAY_MS } from "@/lib/clock";
import fc from "@/lib/fuzz/properties.suite";
import { afterAdmission } from "./after";
import { LEVEL_WHOLE_FROM } from "./decide";
import { type AppliedLimit, plan } from "./plan";
import { NO_AMOUNTS } from "./rules/dimensions";
import { ALGORITHMS, type Rule } from "./rules/rule";

/** Compares an admitted call's headers with a look at the store at the same moment, for every kind of limit. */
const START = 1_795_000_000_000;
const DAY = Math.floor(START / DAY_MS) * DAY_MS;

const shape = fc.record({
  algorithm: fc.constantFrom(...ALGORITHMS),
  refill: fc.constantFrom(1, 7, 60, 5000),
  periodMs: fc.constantFrom(1000, 60_000, 3_600_000),
  credit: fc.constantFrom(0, 0, 9),
});
const step = fc.record({
  gapMs: fc.oneof(fc.constant(0), fc.nat({ max: 7000 })),
  cost: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 90 })),
  /** most are under the same limit; some edit it first */
  capacity: fc.option(fc.constantFrom(3, 40, 100, 2_000_000_000), { nil: null, freq: 5 }),
  /** part of its reservation that an earlier, settled call has used; above 1 is an overrun */
  settles: fc.option(fc.double({ min: 0, max: 2, noNaN: true }), { nil: null, freq: 2 }),
});

function limitOf({ algorithm, refill, periodMs, credit }: typeof shape extends fc.Arbitrary<infer T> ? T : never) {
  const isBucket = algorithm === "token_bucket";
  const bounds = { startMs: DAY, endMs: DAY + DAY_MS, nextEndMs: DAY + 2 * DAY_MS };
  return (capacity: number): AppliedLimit => {
    const rule: Rule = {
      algorithm,
      capacity,
      periodMs,
      refill: isBucket ? refill : capacity,
      credit: isBucket ? credit : 0,
      bounds: algorithm === "calendar_window" ? bounds : null,
    };
    const dimension = algorithm === "concurrency" ? "concurrency" : "total_tokens";
    const name = { limitId: "l", subject: "s", slotId: "x", counter: "s#x", observe: false } as const;
    return { ...name, layer: "tenant", dimension, rule };
  };
}

test("the headers of an admitted call say what is left, also under a limit that was lowered", async () => {
  let told = 0;
  await fc.assert(
    fc.asyncProperty(shape, fc.array(step, { minLength: 1, maxLength: 25 }), async (kind, steps) => {
      const clock = { at: START };
      const store = new MemoryAdmission({ now: () => clock.at });
      const limitAt = limitOf(kind);
      const running: { requestId: string; cost: number }[] = [];
      let [capacity, policyVersion] = [100, 1];
      for (const [index, { gapMs, cost, settles, ...edit }] of steps.entries()) {
        clock.at += gapMs;
        if (edit.capacity !== null) [capacity, policyVersion] = [edit.capacity, policyVersion + 1];
        const ended = settles === null ? undefined : running.shift();
        if (ended !== undefined) {
          const actual = { ...NO_AMOUNTS, total_tokens: Math.floor(ended.cost * (settles ?? 0)) };
          await store.settle({ tenantId: "t", requestId: ended.requestId, actual });
        }
        const requestId = `r${index}`;
        const limit = limitAt(capacity);
        const amounts = { ...NO_AMOUNTS, total_tokens: cost, concurrency: 1 };
        const plans = [plan({ candidate: "c", limits: [limit], amounts })];
        const rest = { tenantId: "t", caller: requestId, brake: null, policyVersion, leaseMs: 600_000, intent: "" };
        // To a millionth of a unit, however large the limit: of large ones the answer tells whole units alone.
        const [before] = store.look([{ ...limitAt(100), observe: true }]);
        const reply = await store.admit({ ...rest, requestId, plans });
        if (reply.kind !== "admit") continue;
        running.push({ requestId, cost });
        const [state] = reply.states;
        const [left] = (await store.peek([limit])).states;
        if (before === undefined || state === undefined || left === undefined) throw new Error("one limit");
        const after = afterAdmission(state, reply.now);
        // The answer rounds levels up: one just above a whole unit, by a millionth or by a rounding, may count as one more.
        const isNearWhole = before.level % 1 > 0 && before.level % 1 < 2e-6;
        const roundedMs = isNearWhole && capacity >= LEVEL_WHOLE_FROM ? limit.rule.periodMs / limit.rule.refill : 0;
        expect(left.remaining - after.remaining).toBeLessThanOrEqual(isNearWhole ? 1 : 0);
        expect(left.remaining - after.remaining).toBeGreaterThanOrEqual(0);
        if (kind.algorithm !== "concurrency")
          expect(Math.abs(after.resetMs - left.resetMs)).toBeLessThanOrEqual(4 + roundedMs);
        told += 1;
      }
    }),
    { numRuns: 1000 },
  );
  expect(told).toBeGreaterThan(3000);
});
