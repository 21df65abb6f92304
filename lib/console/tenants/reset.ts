import { z } from "zod";
import { PublicError } from "@/lib/errors";
import { subjectOf } from "@/lib/limits/rules/layers";
import { applied } from "@/lib/policy/compile";
import type { CompiledLimit } from "@/lib/policy/policy";
import { policyInForce } from "@/lib/policy/snapshot/in-force";
import { quotaOf } from "@/lib/quota/quota";
import { change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { callFacts, findAsked } from "../records/call-facts";
import { callerOf } from "./tenant-quota";

const name = z.string().min(1).max(512);
export const resetInput = z.strictObject({
  limit: z.string().min(1).max(63),
  /** the user, for a limit per user */
  user: name.optional(),
  /** public id of a key, for a limit per key */
  key: name.optional(),
  /** a stored call, served or refused, whose counter is meant; for a limit of any layer, instead of user and key */
  requestId: z.string().min(1).max(64).optional(),
  reason: z.string().trim().min(8, "give a reason of at least 8 characters").max(500),
});

type Input = z.infer<typeof resetInput>;

/**
 * POST /api/admin/tenants/{slug}/reset: resets one counter to the reservations of running calls. Budgets are raised
 * instead, or set to the ledger's sum. Limits for everyone are changed where they are set. Concurrency never drops
 * running calls.
 */
export async function resetCounter({ context, actor, params, input }: AdminRequest<typeof resetInput>) {
  const slug = params.slug ?? "";
  const { policy, facts, subjectIn } = await counterOf(context, slug, input);
  const limit = policy.limits.find(
    (one) => one.name === input.limit && one.origin.from !== "budget" && one.origin.from !== "everyone",
  );
  if (limit === undefined || limit.rule.algorithm === "concurrency") {
    const message = `${slug} has no limit "${input.limit}" with a counter to reset.`;
    throw new PublicError("not_found", message, { param: "limit" });
  }
  const subject = subjectIn(limit);
  if (subject === null) {
    const named = limit.layer === "user" || limit.layer === "key" ? limit.layer : "requestId";
    const what = named === "requestId" ? `a call of this ${limit.layer} by its request id` : `the ${limit.layer}`;
    throw new PublicError("invalid_value", `"${limit.name}" is counted per ${limit.layer}. Name ${what}.`, {
      param: named,
    });
  }
  const { admission, clock, reservedOf } = context;
  const now = clock.now();
  const quota = await quotaOf({ admission, policy, facts, now, reservedOf });
  const line = quota.limits.find((one) => one.name === limit.name && one.layer === limit.layer);
  const [before, held] = [line?.used ?? 0, line?.reserved ?? 0];
  const { user = null, key = null, requestId = null } = input;
  const after = { limit: limit.name, user, key, requestId, used: held };
  await change(context, actor, async () => {
    // Inside the change, so a value that the store rejects is not audited.
    await admission.raise([{ limit: applied(limit, subject, now), used: held, usedBefore: 0 }], "set");
    const entry = { action: "counters.reset", target: slug, before: { used: before }, after, reason: input.reason };
    return { result: null, change: entry };
  });
  return { body: after };
}

/** Whose counter is meant: the caller of a stored call, or the named user and key. */
async function counterOf(context: ConsoleContext, slug: string, { user, key, requestId }: Input) {
  const caller = await callerOf(context, { tenant: slug, user, key });
  if (requestId === undefined) {
    const { endpoint, keyFamilyId, ...rest } = caller.facts;
    const known = { ...rest, endpoint, keyFamilyId: keyFamilyId ?? "", addressDigest: "", modelId: "", providerId: "" };
    const isKnown = ({ layer }: CompiledLimit) =>
      layer === "tenant" || layer === "user" || (layer === "key" && keyFamilyId !== null);
    return { ...caller, subjectIn: (limit: CompiledLimit) => (isKnown(limit) ? subjectOf(limit.layer, known) : null) };
  }
  if (user !== undefined || key !== undefined) {
    throw new PublicError("invalid_value", "A call names its own user and key.", { param: "requestId" });
  }
  const asked = await findAsked(context, requestId);
  if (asked === null || asked.tenantId !== caller.facts.tenantId) {
    throw new PublicError("not_found", "This tenant has no stored call with this id.", { param: "requestId" });
  }
  const facts = callFacts(context, asked);
  return {
    policy: policyInForce(context.policy.snapshot, asked.tenantId, asked.keyFamilyId),
    facts,
    subjectIn: ({ layer, match }: CompiledLimit) => subjectOf(layer, facts, false, match.tag),
  };
}
