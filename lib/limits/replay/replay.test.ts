import { expect, test } from "vitest";
import { MemoryAdmission } from "@/lib/admission/memory/memory";
import fc from "@/lib/fuzz/properties.suite";
import { type AppliedLimit, plan } from "../plan";
import { type Amounts, NO_AMOUNTS } from "../rules/dimensions";
import { ALGORITHMS } from "../rules/rule";
import { type Past, replay } from "./replay";

const START = 1_795_000_000_000;

const limitShape = fc.record({
  algorithm: fc.constantFrom(...ALGORITHMS),
  subject: fc.constantFrom("a", "b"),
  capacity: fc.integer({ min: 1, max: 60 }),
  refill: fc.integer({ min: 1, max: 40 }),
  periodMs: fc.constantFrom(1000, 60_000),
});
const callShape = fc.record({
  at: fc.integer({ min: 0, max: 60_000 }),
  lasts: fc.integer({ min: 1, max: 9000 }),
  reserved: fc.integer({ min: 1, max: 20 }),
  used: fc.integer({ min: 0, max: 30 }),
});
const amounts = (tokens: number): Amounts => ({ ...NO_AMOUNTS, total_tokens: tokens, concurrency: 1 });

function limitOf(
  shape: typeof limitShape extends fc.Arbitrary<infer Shape> ? Shape : never,
  index: number,
): AppliedLimit {
  const isLease = shape.algorithm === "concurrency";
  const day = Math.floor(START / 86_400_000) * 86_400_000;
  const bounds =
    shape.algorithm === "calendar_window"
      ? { startMs: day, endMs: day + 86_400_000, nextEndMs: day + 2 * 86_400_000 }
      : null;
  const slotId = `${index}|${shape.algorithm}`;
  return {
    limitId: slotId,
    layer: "tenant",
    dimension: isLease ? "concurrency" : "total_tokens",
    subject: shape.subject,
    slotId,
    counter: `${shape.subject}#${slotId}`,
    rule: {
      algorithm: shape.algorithm,
      capacity: shape.capacity,
      refill: shape.refill,
      periodMs: shape.periodMs,
      credit: 0,
      bounds,
    },
    observe: false,
  };
}

test("a replay refuses exactly the calls that the store would have refused at those moments", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(limitShape, { minLength: 1, maxLength: 5 }),
      fc.array(callShape, { minLength: 1, maxLength: 60 }),
      async (shapes, unsorted) => {
        const limits = shapes.map(limitOf);
        const calls = [...unsorted].sort((left, right) => left.at - right.at);
        const clock = { at: START };
        const store = new MemoryAdmission({ now: () => clock.at }, { sweeps: false });
        const expected: number[] = [];
        const running: { at: number; index: number }[] = [];
        const settleUntil = async (until: number) => {
          for (;;) {
            running.sort((left, right) => left.at - right.at);
            const next = running[0];
            if (next === undefined || next.at > until) return;
            running.shift();
            clock.at = START + next.at;
            await store.settle({
              tenantId: "t",
              requestId: `r${next.index}`,
              actual: amounts(calls[next.index]?.used ?? 0),
            });
          }
        };
        for (const [index, call] of calls.entries()) {
          await settleUntil(call.at);
          clock.at = START + call.at;
          const plans = [plan({ candidate: "c", limits, amounts: amounts(call.reserved) })];
          const rest = {
            tenantId: "t",
            caller: `c${index}`,
            brake: null,
            policyVersion: 1,
            leaseMs: 3_600_000,
            intent: "",
          };
          const reply = await store.admit({ requestId: `r${index}`, plans, ...rest });
          if (reply.kind === "admit") running.push({ at: call.at + call.lasts, index });
          else expected.push(index);
        }
        const past: Past = {
          count: calls.length,
          beganAt: (index) => START + (calls[index]?.at ?? 0),
          endedAt: (index) => START + (calls[index]?.at ?? 0) + (calls[index]?.lasts ?? 0),
          limitsOf: () => limits,
          reservedBy: (index) => amounts(calls[index]?.reserved ?? 0),
          usedBy: (index) => amounts(calls[index]?.used ?? 0),
        };
        const refused: number[] = [];
        replay(past, (index) => refused.push(index));
        expect(refused).toEqual(expected);
      },
    ),
    { numRuns: 300 },
  );
});
