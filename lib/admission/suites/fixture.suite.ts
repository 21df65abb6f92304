import { type AppliedLimit, plan } from "@/lib/limits/plan";
import { type Amounts, NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import type { Layer } from "@/lib/limits/rules/layers";
import type { AlgorithmName } from "@/lib/limits/rules/rule";
import type { Admission, AdmitRequest } from "../admission";

export const TENANT = "acme";
export const REST = { tenantId: TENANT, caller: "caller", brake: null, policyVersion: 1, intent: "" };
export const START = 1_795_000_000_000;
export const LEASE_MS = 15_000;

/** A call with this many tokens. */
export function tokens(total: number): Amounts {
  return { ...NO_AMOUNTS, total_tokens: total };
}

/** A limit with its own subject: the layer's name, unless another is given. */
export function limit(
  layer: Layer,
  capacity: number,
  more: { subject?: string; refill?: number; algorithm?: AlgorithmName; credit?: number } = {},
): AppliedLimit {
  const algorithm = more.algorithm ?? "token_bucket";
  return {
    limitId: `${layer}-limit`,
    layer,
    dimension: algorithm === "concurrency" ? "concurrency" : "total_tokens",
    subject: more.subject ?? layer,
    slotId: algorithm,
    counter: `${more.subject ?? layer}#${algorithm}`,
    rule: {
      algorithm,
      capacity,
      refill: more.refill ?? capacity,
      periodMs: 60_000,
      credit: more.credit ?? 0,
      bounds: null,
    },
    observe: false,
  };
}

/** A fresh store on a clock that the test moves, with the first policy published. */
export async function setUp(make: (clock: { now(): number }) => Promise<Admission>) {
  const clock = { at: START };
  const store = await make({ now: () => clock.at });
  await store.publish(1, [TENANT]);
  let serial = 0;
  return {
    clock,
    store,
    tell: async (limits: readonly AppliedLimit[]) => (await store.peek(limits)).states,
    admit: (
      limits: readonly AppliedLimit[],
      cost: number | Amounts,
      requestId = `auto-${serial++}`,
      more: Partial<AdmitRequest> = {},
    ) =>
      store.admit({
        requestId,
        plans: [plan({ candidate: "c", limits, amounts: typeof cost === "number" ? tokens(cost) : cost })],
        ...REST,
        leaseMs: LEASE_MS,
        ...more,
      }),
  };
}
