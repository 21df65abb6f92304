import { z } from "zod";
import { PublicError } from "@/lib/errors";
import { subjectOf } from "@/lib/limits/rules/layers";
import { applied } from "@/lib/policy/compile";
import { quotaOf } from "@/lib/quota/quota";
import { change } from "../kernel/change";
import type { AdminRequest } from "../kernel/door";
import { callerOf } from "./tenant-quota";

const name = z.string().min(1).max(512);
export const resetInput = z.strictObject({
  limit: z.string().min(1).max(63),
  /** the user, for a limit per user */
  user: name.optional(),
  /** public id of a key, for a limit per key */
  key: name.optional(),
  reason: z.string().trim().min(8, "give a reason of at least 8 characters").max(500),
});

/**
 * POST /api/admin/tenants/{slug}/reset: resets one counter to the reservations of running calls. Budgets are raised
 * instead, or set to the ledger's sum. Concurrency never drops running calls.
 */
export async function resetCounter({ context, actor, params, input }: AdminRequest<typeof resetInput>) {
  const slug = params.slug ?? "";
  const { policy, facts } = await callerOf(context, { tenant: slug, user: input.user, key: input.key });
  const limit = policy.limits.find((one) => one.name === input.limit && one.origin.from !== "budget");
  if (limit === undefined || limit.rule.algorithm === "concurrency") {
    const message = `${slug} has no limit "${input.limit}" with a counter to reset.`;
    throw new PublicError("not_found", message, { param: "limit" });
  }
  const { endpoint, keyFamilyId, ...rest } = facts;
  const known = { ...rest, endpoint, keyFamilyId: keyFamilyId ?? "", addressDigest: "", modelId: "", providerId: "" };
  const isKnown = limit.layer === "tenant" || limit.layer === "user" || (limit.layer === "key" && keyFamilyId !== null);
  const subject = isKnown ? subjectOf(limit.layer, known) : null;
  if (subject === null) {
    const message = `"${limit.name}" is counted per ${limit.layer}. Name the ${limit.layer}.`;
    throw new PublicError("invalid_value", message, { param: limit.layer === "user" ? "user" : "key" });
  }
  const { admission, clock, reservedOf } = context;
  const now = clock.now();
  const quota = await quotaOf({ admission, policy, facts, now, reservedOf });
  const line = quota.limits.find((one) => one.name === limit.name);
  const [before, held] = [line?.used ?? 0, line?.reserved ?? 0];
  const after = { limit: limit.name, user: input.user ?? null, key: input.key ?? null, used: held };
  await change(context, actor, async () => {
    // Inside the change, so a value that the store rejects is not audited.
    await admission.raise([{ limit: applied(limit, subject, now), used: held, usedBefore: 0 }], "set");
    const entry = { action: "counters.reset", target: slug, before: { used: before }, after, reason: input.reason };
    return { result: null, change: entry };
  });
  return { body: after };
}
