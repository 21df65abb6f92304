import fc from "fast-check";
import { expect, test } from "vitest";
import { failing } from "@/lib/limits/decide";
import { type Amounts, NO_AMOUNTS } from "@/lib/limits/dimensions";
import { LAYERS } from "@/lib/limits/layers";
import { plan } from "@/lib/limits/plan";
import { appliedLimits, compilePolicy } from "@/lib/policy/compile";
import { type LimitRow, limitFaults, limitRow } from "@/lib/policy/limit-row";
import { MemoryAdmission } from "./memory";
import { type QuotaLine, quotaOf } from "./quota";

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
      strict: fc.boolean(),
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
        strict: isBucket && shape.strict && shape.capacity > 1,
        refill: isBucket && !shape.strict ? shape.refill : null,
        burstCredit: isBucket && !shape.strict ? shape.burstCredit : null,
      });
      return limitFaults(row).length === 0 ? [row] : [];
    }),
  );

const call = fc.record({
  waitMs: fc.constantFrom(0, 1, 250, 4000, 90_000),
  input: fc.integer({ min: 0, max: 30 }),
  output: fc.integer({ min: 0, max: 30 }),
  settles: fc.boolean(),
  used: fc.integer({ min: 0, max: 40 }),
});

const amountsOf = (input: number, output: number): Amounts => ({
  ...NO_AMOUNTS,
  ...{
    requests: 1,
    input_tokens: input,
    output_tokens: output,
    total_tokens: input + output,
    cost_micro_usd: input + 3 * output,
  },
  concurrency: 1,
});

function isEnough(line: QuotaLine, amounts: Amounts): boolean {
  const cost = Object.entries(amounts).find(([dimension]) => dimension === line.dimension)?.[1] ?? 0;
  return line.observe || cost === 0 || cost <= line.remaining;
}

test("what the quota shows is what the next call gets: admitted when everything it needs is left, else refused", async () => {
  await fc.assert(
    fc.asyncProperty(rows, fc.array(call, { minLength: 1, maxLength: 25 }), async (limits, calls) => {
      const clock = { at: START };
      const now = { now: () => clock.at };
      const store = new MemoryAdmission(now);
      const facts = {
        ...{ tenantId: "t", tierId: "tier", keyFamilyId: "k", userDigest: "u", featureDigest: "f", addressDigest: "a" },
        ...{ endpoint: "chat", modelId: "m", providerId: "p" },
      };
      const source = {
        ...{
          version: 1,
          tenant: { id: "t", slug: "t", timeZone: "Europe/Berlin" },
          tier: { slug: "tier" },
          keyFamilyId: "k",
        },
        ...{ everyone: [], ofKey: [], overrides: [], budgets: [] },
        ofTier: limits.map((limit) => ({ ...limit, id: limit.name })),
      };
      const { policy } = compilePolicy(source, START);
      for (const [index, one] of calls.entries()) {
        clock.at += one.waitMs;
        const amounts = amountsOf(one.input, one.output);
        const quota = await quotaOf({ admission: store, policy, facts, now: clock.at, holdsOf: null });
        const isLeft = quota.limits.every((line) => isEnough(line, amounts));
        const applied = appliedLimits(policy, facts, { model: "m", provider: "p" }, clock.at);
        const plans = [plan({ candidate: "c", limits: applied, amounts })];
        const rest = {
          tenantId: "t",
          caller: `c${index}`,
          brake: null,
          policyVersion: 1,
          leaseMs: 600_000,
          intent: "",
        };
        const reply = await store.admit({ requestId: `r${index}`, plans, ...rest });
        expect(reply.kind, JSON.stringify(quota.limits)).toBe(isLeft ? "admit" : "deny");
        const waits = reply.kind === "deny" ? failing(reply.states) : [];
        // When a running call ends is nobody's to know; every other wait is the one after which the quota has it.
        if (
          reply.kind === "deny" &&
          reply.retryAfterMs > 0 &&
          waits.every(({ check }) => check.dimension !== "concurrency")
        ) {
          clock.at += reply.retryAfterMs;
          const later = await quotaOf({ admission: store, policy, facts, now: clock.at, holdsOf: null });
          expect(
            later.limits.every((line) => isEnough(line, amounts)),
            JSON.stringify(later.limits),
          ).toBe(true);
        }
        if (one.settles)
          await store.settle({ tenantId: "t", requestId: `r${index}`, actual: amountsOf(one.used, one.output) });
      }
    }),
    { numRuns: 2000 },
  );
});
