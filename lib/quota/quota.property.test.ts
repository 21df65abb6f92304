import { expect, test } from "vitest";
import { MemoryAdmission } from "@/lib/admission/memory/memory";
import fc from "@/lib/fuzz/properties.suite";
import { amountsOf } from "@/lib/limits/cost";
import { type CheckState, failing } from "@/lib/limits/decide";
import { fits, largestOutput, roomOf } from "@/lib/limits/ladder/largest-output";
import { plan } from "@/lib/limits/plan";
import { LAYERS, NO_TAGS } from "@/lib/limits/rules/layers";
import { appliedLimits, compilePolicy } from "@/lib/policy/compile";
import { type LimitRow, limitFaults, limitRow } from "@/lib/policy/rows/limit-row";
import { quotaOf } from "./quota";

const START = 1_795_000_000_000;

/** Limits as operators write them; those that make no sense are thrown away. */
const rows = fc
  .array(
    fc.record({
      layer: fc.constantFrom(...LAYERS),
      dimension: fc.constantFrom(
        "requests",
        "input_tokens",
        "output_tokens",
        "total_tokens",
        "cost_micro_usd",
        "concurrency",
      ),
      algorithm: fc.constantFrom(
        "token_bucket",
        "leaky_bucket",
        "sliding_window",
        "fixed_window",
        "calendar_window",
        "concurrency",
      ),
      capacity: fc.integer({ min: 1, max: 80 }),
      refill: fc.option(fc.integer({ min: 1, max: 50 }), { nil: null }),
      windowSeconds: fc.constantFrom(1, 60, 3600),
      calendarPeriod: fc.constantFrom("day", "week", "month"),
      burstCredit: fc.option(fc.integer({ min: 1, max: 20 }), { nil: null }),
      observe: fc.boolean(),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .map((shapes) =>
    shapes.flatMap((shape, index): LimitRow[] => {
      const isCalendar = shape.algorithm === "calendar_window";
      const isLease = shape.algorithm === "concurrency";
      const isBucket = shape.algorithm === "token_bucket";
      const row = limitRow.parse({
        ...shape,
        name: `limit-${index}`,
        dimension: isLease ? "concurrency" : shape.dimension === "concurrency" ? "requests" : shape.dimension,
        windowSeconds: isCalendar || isLease ? null : shape.windowSeconds,
        calendarPeriod: isCalendar ? shape.calendarPeriod : null,
        refill: isBucket ? shape.refill : null,
        burstCredit: isBucket ? shape.burstCredit : null,
      });
      return limitFaults(row, "tier").length === 0 ? [row] : [];
    }),
  );

/** One call, and what happens before and after it. */
const call = fc.record({
  waitMs: fc.constantFrom(0, 1, 250, 4000, 90_000),
  input: fc.integer({ min: 0, max: 30 }),
  output: fc.integer({ min: 0, max: 30 }),
  settles: fc.boolean(),
  used: fc.integer({ min: 0, max: 40 }),
});

const price = { input: 1e6, output: 3e6, fees: 0 };
const amounts = (inputTokens: number, outputTokens: number) =>
  amountsOf({ inputTokens, outputTokens, permits: 1 }, price);

test("what the quota shows is what the next call gets: admitted when everything it needs is left, else refused", async () => {
  await fc.assert(
    fc.asyncProperty(rows, fc.array(call, { minLength: 1, maxLength: 25 }), async (limits, calls) => {
      const clock = { at: START };
      const now = { now: () => clock.at };
      const store = new MemoryAdmission(now);
      const facts = {
        tenantId: "t",
        tierId: "tier",
        keyFamilyId: "k",
        userDigest: "u",
        featureDigest: "f",
        sessionDigest: "s",
        agentDigest: "g",
        tags: NO_TAGS,
        addressDigest: "a",
        endpoint: "chat",
        modelId: "m",
        providerId: "p",
      };
      const source = {
        version: 1,
        tenant: { id: "t", slug: "t", timeZone: "Europe/Berlin" },
        tier: { slug: "tier" },
        keyFamilyId: "k",
        everyone: [],
        ofKey: [],
        overrides: [],
        budgets: [],
        ofTier: limits.map((limit) => ({ ...limit, id: limit.name })),
      };
      const compiled = compilePolicy(source, START);
      if (compiled.kind === "faults") throw new Error(compiled.faults.join());
      const { policy } = compiled;
      for (const [index, one] of calls.entries()) {
        clock.at += one.waitMs;
        const needed = amounts(one.input, one.output);
        const quota = await quotaOf({ admission: store, policy, facts, now: clock.at, reservedOf: null });
        const isLeft = quota.limits.every((line) => fits(line, needed));
        const applied = appliedLimits(policy, facts, { model: "m", provider: "p", priority: "standard" }, clock.at);
        const rest = {
          tenantId: "t",
          brake: null,
          policyVersion: 1,
          leaseMs: 600_000,
          intent: "",
        };
        const ask = (requestId: string, output: number) => {
          const plans = [plan({ candidate: "c", limits: applied, amounts: amounts(one.input, output) })];
          return store.admit({ ...rest, requestId, caller: requestId, plans });
        };
        const reply = await ask(`r${index}`, one.output);
        expect(reply.kind, JSON.stringify(quota.limits)).toBe(isLeft ? "admit" : "deny");
        const waits = reply.kind === "deny" ? failing(reply.states) : [];
        if (reply.kind === "deny" && index % 2 === 0) {
          await tryShorter(reply.states, one, ask, `s${index}`);
          continue;
        }
        // When a running call ends is nobody's to know; every other wait is the one after which the quota has it.
        if (
          reply.kind === "deny" &&
          reply.retryAfterMs > 0 &&
          waits.every(({ check }) => check.dimension !== "concurrency")
        ) {
          clock.at += reply.retryAfterMs;
          const later = await quotaOf({ admission: store, policy, facts, now: clock.at, reservedOf: null });
          expect(
            later.limits.every((line) => fits(line, needed)),
            JSON.stringify(later.limits),
          ).toBe(true);
        }
        if (one.settles)
          await store.settle({ tenantId: "t", requestId: `r${index}`, actual: amounts(one.used, one.output) });
      }
    }),
    { numRuns: 2000 },
  );
});

/** What a refusal says of its answer's length: so many tokens would have been admitted, and one more would not. */
async function tryShorter(
  states: readonly CheckState[],
  { input, output }: { input: number; output: number },
  ask: (requestId: string, output: number) => Promise<{ kind: string }>,
  id: string,
): Promise<void> {
  const most = largestOutput(states.map(roomOf), { inputTokens: input, outputTokens: output, permits: 1, price });
  if (output > (most ?? 0)) expect((await ask(`${id}-more`, (most ?? 0) + 1)).kind).toBe("deny");
  if (most !== null) expect((await ask(`${id}-most`, most)).kind).toBe("admit");
}
