import { randomUUID } from "node:crypto";
import { z } from "zod";
import { findKey, findKeys } from "@/db/queries/limits/config";
import { readKeyLimits, replaceKeyLimits } from "@/db/queries/limits/limits-file";
import { keyUseSince } from "@/db/queries/money/usage";
import { lastCallsOf } from "@/db/queries/tenants/last-calls";
import { DAY_MS } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import type { CompiledLimit } from "@/lib/policy/policy";
import { type LimitRow, limitRow, limitSetFaults } from "@/lib/policy/rows/limit-row";
import { policyInForce } from "@/lib/policy/snapshot/in-force";
import { change } from "../kernel/change";
import type { AdminRequest } from "../kernel/door";
import { readableLimits } from "../limits/stored-limits";
import { slugOf } from "../scope/scoped";
import { isInScope } from "../scope/tenant-scope.shared";

export const keyLimitsInput = z.strictObject({ limits: z.array(limitRow).max(32) });

/** GET /api/admin/keys/{id}/limits: the key's own limits, without its tenant's. */
export async function listKeyLimits({ context, params }: Pick<AdminRequest, "context" | "params">) {
  const key = await findKey(context.db, params.id ?? "");
  if (key === null) throw new PublicError("not_found", "There is no such key.");
  return { body: { key: key.id, limits: await stored({ context }, key.familyId) } };
}

/**
 * PUT /api/admin/keys/{id}/limits: the key's own limits, in force for the next call. They apply in addition to the
 * tenant's limits and may not exceed them.
 */
export async function putKeyLimits({ context, actor, params, input }: AdminRequest<typeof keyLimitsInput>) {
  const { limits } = input;
  const key = await findKey(context.db, params.id ?? "");
  if (key === null) throw new PublicError("not_found", "There is no such key.");
  const own = policyInForce(context.policy.snapshot, key.tenantId, null).limits;
  const faults = [...limitSetFaults(limits, "key"), ...limits.flatMap((limit) => aboveTenant(limit, own))];
  if (faults.length > 0)
    throw new PublicError("invalid_value", faults.join("; "), { param: "limits", details: { faults } });
  const before = await stored({ context }, key.familyId);
  await change(context, actor, async (tx) => {
    const rows = limits.map((limit, position) => ({
      ...limit,
      id: `lim_${randomUUID().slice(0, 18)}`,
      keyFamilyId: key.familyId,
      position,
    }));
    await replaceKeyLimits(tx, key.familyId, rows);
    return { result: null, change: { action: "keys.limits", target: key.id, before, after: limits, reason: null } };
  });
  return { body: { key: key.id, limits: await stored({ context }, key.familyId) } };
}

/** A key's limit must not exceed its tenant's limit of the same kind. */
function aboveTenant(limit: LimitRow, own: readonly CompiledLimit[]): string[] {
  const above = own.find(
    (one) =>
      one.layer === "tenant" &&
      one.dimension === limit.dimension &&
      one.rule.algorithm === limit.algorithm &&
      one.rule.periodMs === (limit.windowSeconds ?? 0) * 1000 &&
      (one.calendar?.period ?? null) === limit.calendarPeriod &&
      one.rule.capacity < limit.capacity,
  );
  return above === undefined
    ? []
    : [`${limit.name}: more than the tenant's own "${above.name}" (${above.rule.capacity})`];
}

async function stored({ context }: Pick<AdminRequest, "context">, familyId: string): Promise<LimitRow[]> {
  const rows = await readKeyLimits(context.db, familyId);
  return readableLimits(rows).limits.map(({ id: _id, ...limit }) => limit);
}

export const lastCallsQuery = z.strictObject({
  /** public ids with commas between them */
  ids: z
    .string()
    .max(2000)
    .transform((text) => text.split(",").filter((id) => id !== ""))
    .pipe(z.array(z.string().max(64)).min(1).max(100)),
});

/** GET /api/admin/keys/last-calls?ids=: when, from where and for which model each key was last served. */
export async function lastCalls({ context, actor, input }: AdminRequest<typeof lastCallsQuery>) {
  await context.drainBooks();
  const { tenants } = actor;
  const known = tenants === null ? null : await findKeys(context.db, input.ids);
  const own = known?.filter((key) => isInScope(tenants, slugOf(context, key.tenantId) ?? "")).map(({ id }) => id);
  const calls = await lastCallsOf(context.db, own ?? input.ids);
  return { body: { calls: calls.map(({ keyId, at, ...call }) => ({ key: keyId, ...call, at: at.toISOString() })) } };
}

/** GET /api/admin/keys/{id}/use: usage of the last days by hour, for a report on a leaked key. */
export async function readKeyUse({ context, params }: AdminRequest) {
  const key = await findKey(context.db, params.id ?? "");
  if (key === null) throw new PublicError("not_found", "There is no such key.");
  await context.drainBooks();
  const since = new Date(context.clock.now() - 7 * DAY_MS);
  const rows = await keyUseSince(context.db, key.id, since);
  return {
    body: {
      key: key.id,
      since: since.toISOString(),
      rows: rows.map((row) => ({ ...row, hour: row.hour.toISOString() })),
    },
  };
}
