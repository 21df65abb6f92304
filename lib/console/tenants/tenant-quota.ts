import { z } from "zod";
import { findKey } from "@/db/queries/limits/config";
import { leastRefused, refusedByLimit } from "@/db/queries/overview/activity";
import { userDigest } from "@/lib/admission/digest";
import { PublicError } from "@/lib/errors";
import { NO_TAGS } from "@/lib/limits/rules/layers";
import { policyInForce } from "@/lib/policy/snapshot/in-force";
import { forHolder, type Quota, type QuotaLine, quotaOf } from "@/lib/quota/quota";
import type { Actor, ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { REFUSING_MS, refusesNow } from "../money/refusing";

/** What is left, the number of refusals of each limit in the last minutes, and whether it refuses calls now. */
export type QuotaView = Omit<Quota, "limits"> & {
  readonly limits: readonly (QuotaLine & { readonly refusedLately: number; readonly isRefusing: boolean })[];
};
/** The same for the holder of a key. */
export type OwnQuota = Quota;
export type QuotaLineView = QuotaLine & { readonly isRefusing?: boolean };

const name = z.string().min(1).max(512);
export const quotaQuery = z.strictObject({ tenant: name, user: name.optional(), key: name.optional() });

/**
 * GET /api/admin/quota?tenant=&user=&key=: the same as GET /v1/quota for the holder of that key, by the same function.
 * Without a key: the limits of the tenant that apply to any key.
 */
export async function readQuota({ context, actor, input }: AdminRequest<typeof quotaQuery>) {
  const { policy, facts } = await callerOf(context, input);
  const { admission, clock, reservedOf, burnOf } = context;
  const now = clock.now();
  const since = new Date(now - REFUSING_MS);
  const [all, refused, least] = await Promise.all([
    quotaOf({ admission, policy, facts, now, reservedOf, burnOf }),
    refusedByLimit(context.db, facts.tenantId, since),
    leastRefused(context.db, [facts.tenantId], since),
  ]);
  const quota = ofTenants(actor, all);
  const refusedBy = ({ name, layer, dimension }: QuotaLine) =>
    refused.find((one) => one.name === name && one.layer === layer && one.dimension === dimension)?.count ?? 0;
  const limits = quota.limits.map((line) => ({
    ...line,
    refusedLately: refusedBy(line),
    isRefusing: refusesNow(line, least),
  }));
  const body: QuotaView = { ...quota, limits };
  return { body, clock: body.at };
}

/** A quota for an operator: of some tenants only, without the counters that all tenants share. */
export function ofTenants({ tenants }: Pick<Actor, "tenants">, quota: Quota): Quota {
  return tenants === null ? quota : forHolder(quota);
}

/** The caller of the next call, and the limits that apply. Throws PublicError when there is no such tenant or key. */
export async function callerOf(
  context: ConsoleContext,
  input: { tenant: string; user?: string | undefined; key?: string | undefined },
) {
  const { snapshot } = context.policy;
  const tenant = [...snapshot.tenants.values()].find((one) => one.slug === input.tenant);
  if (tenant === undefined)
    throw new PublicError("not_found", `There is no tenant "${input.tenant.slice(0, 64)}".`, { param: "tenant" });
  const key = input.key === undefined ? null : await findKey(context.db, input.key);
  if (input.key !== undefined && key?.tenantId !== tenant.id) {
    throw new PublicError("not_found", "This tenant has no such key.", { param: "key" });
  }
  const facts = {
    tenantId: tenant.id,
    tierId: tenant.tierId,
    keyFamilyId: key?.familyId ?? null,
    userDigest: userDigest(context.digestSecret, tenant.id, input.user ?? null),
    featureDigest: null,
    sessionDigest: null,
    agentDigest: null,
    tags: NO_TAGS,
    addressDigest: null,
    endpoint: "chat",
    modelId: null,
    providerId: null,
  };
  return { policy: policyInForce(snapshot, tenant.id, key?.familyId ?? null), facts };
}
