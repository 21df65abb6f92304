import type { AdmitRequest } from "@/lib/admission/admission";
import { brakeOn } from "@/lib/limits/brake";
import { heldAmounts } from "@/lib/limits/cost";
import { plan } from "@/lib/limits/plan";
import { appliedLimits } from "@/lib/policy/compile";
import type { Attempt } from "../attempt/attempt";
import type { Candidate } from "../attempt/candidates";
import { callerOf } from "../caller/subject";

/**
 * The request to the store: one plan per candidate, in order of preference, and the record to keep with the
 * reservation.
 */
export function admitRequest(
  attempt: Attempt,
  candidates: readonly [Candidate, ...Candidate[]],
  asked: { readonly intent: string; readonly hasWaited: boolean; readonly isProbe: boolean },
): AdmitRequest {
  const { tools, requestId, principal, call, policy, brakes } = attempt;
  const now = tools.clock.now();
  const plans = candidates.map(({ model, subject, tokens, price, outputTokensEach, room }) => {
    const called = { model: model.slug, provider: model.provider.slug, priority: subject.priority };
    const amounts = heldAmounts(call.endpoint, tokens, price);
    const limits = appliedLimits(policy, subject.facts, called, now);
    return plan({
      candidate: `${model.slug}/${outputTokensEach}`,
      limits: room.length === 0 ? limits : [...limits, ...room],
      amounts,
    });
  });
  const { facts, brakeFacts } = candidates[0].subject;
  return {
    requestId,
    tenantId: principal.tenant.id,
    // A call from the queue comes back at the announced time, so it is no strike.
    caller: asked.hasWaited ? requestId : callerOf(call, facts),
    plans,
    brake: brakeOn(brakes, brakeFacts),
    policyVersion: policy.version,
    policyUntilMs: policy.validUntilMs,
    leaseMs: tools.leaseMs,
    intent: asked.intent,
    isProbe: asked.isProbe,
  };
}
