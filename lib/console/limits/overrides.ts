import { randomUUID } from "node:crypto";
import { z } from "zod";
import { findKeyOfFamily } from "@/db/queries/limits/config";
import { deleteOverride, insertOverride, type OverrideRecord, readOverrides } from "@/db/queries/limits/overrides";
import { DAY_SECONDS } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import { patternMatches } from "@/lib/policy/compile";
import { UNITS_MAX } from "@/lib/policy/rows/limit-bounds";
import { change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import type { reasonOnly } from "../kernel/input";
import { isInScope } from "../scope/tenant-scope.shared";

const units = z.number().int().min(0).max(UNITS_MAX);

export const newOverride = z.strictObject({
  /** a tenant's slug, or a prefix with one trailing star */
  tenant: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}\*?$|^\*$/, "a tenant's slug, or a prefix and a star"),
  /** a key or its family, for that key alone; absent = any key */
  keyFamily: z.string().min(1).max(128).optional(),
  limit: z.string().min(1).max(63),
  /** null = the limit does not apply at all */
  capacity: units.nullable(),
  /** absent = scaled with the capacity */
  refill: units.min(1).optional(),
  reason: z.string().trim().min(8, "give a reason of at least 8 characters").max(500),
  expiresInSeconds: z
    .number()
    .int()
    .min(1)
    .max(366 * DAY_SECONDS)
    .nullable(),
});

export type OverrideView = ReturnType<typeof shown>;
export type ListedOverride = OverrideView & { readonly tenantName: string | null };

export const overridesQuery = z.object({ tenant: z.string().max(128).optional() });

/**
 * GET /api/admin/overrides?tenant=: overrides for it, including patterns; without a tenant all. For operators of some
 * tenants those of exactly these: a pattern covers others too.
 */
export async function listOverrides({ context, actor, input }: AdminRequest<typeof overridesQuery>) {
  const { tenant } = input;
  const names = new Map([...context.policy.snapshot.tenants.values()].map(({ slug, name }) => [slug, name]));
  const rows = (await readOverrides(context.db)).map((row) => ({
    ...shown(context, row),
    /** null = a pattern */
    tenantName: names.get(row.tenantPattern) ?? null,
  }));
  const seen = rows.filter((row) => isInScope(actor.tenants, row.tenant));
  return { body: { overrides: seen.filter((row) => tenant === undefined || patternMatches(row.tenant, tenant)) } };
}

/**
 * POST /api/admin/overrides: changes the capacity of one limit for some tenants or one key, temporarily or permanently.
 * In force for the next call. Current usage is kept.
 */
export async function createOverride({ context, actor, input }: AdminRequest<typeof newOverride>) {
  const tenants = targetsOf(context, input);
  const keyFamilyId = await familyOf(context, input, tenants);
  const now = context.clock.now();
  const row = {
    id: `ovr_${randomUUID().replaceAll("-", "").slice(0, 20)}`,
    tenantPattern: input.tenant,
    keyFamilyId,
    limitName: input.limit,
    capacity: input.capacity,
    refill: input.refill ?? null,
    reason: input.reason,
    createdBy: actor.name,
    createdAt: new Date(now),
    expiresAt: input.expiresInSeconds === null ? null : new Date(now + input.expiresInSeconds * 1000),
  };
  await change(context, actor, async (tx) => {
    await insertOverride(tx, row);
    const after = shown(context, row);
    return {
      result: null,
      change: { action: "overrides.create", target: row.id, before: null, after, reason: row.reason },
    };
  });
  return { status: 201, body: shown(context, row) };
}

/** DELETE /api/admin/overrides/{id}: the tier's own limit applies again to the next call. */
export async function removeOverride({ context, actor, params, input }: AdminRequest<typeof reasonOnly>) {
  const { reason } = input;
  const removed = await change(context, actor, async (tx) => {
    const row = await deleteOverride(tx, params.id ?? "");
    if (row === null) throw new PublicError("not_found", "There is no such override.");
    const before = shown(context, row);
    return {
      result: before,
      change: { action: "overrides.remove", target: row.id, before, after: null, reason: reason ?? null },
    };
  });
  return { body: removed };
}

/** The matching tenants. Throws if none has this limit, because such an override would do nothing. */
function targetsOf(context: ConsoleContext, input: z.infer<typeof newOverride>): ReadonlySet<string> {
  const { snapshot } = context.policy;
  const tenants = [...snapshot.tenants.values()].filter((tenant) => patternMatches(input.tenant, tenant.slug));
  if (tenants.length === 0)
    throw new PublicError("invalid_value", `There is no tenant "${input.tenant}".`, { param: "tenant" });
  // Only tier limits can be overridden. A budget is raised instead, and limits for everyone have no overrides.
  const hasLimit = tenants.some((tenant) =>
    snapshot.sourceOf(tenant.id)?.ofTier.some(({ name }) => name === input.limit),
  );
  if (!hasLimit && input.capacity !== null) {
    throw new PublicError("invalid_value", `None of these tenants has a limit "${input.limit}".`, { param: "limit" });
  }
  return new Set(tenants.map(({ id }) => id));
}

/** The key family of the override, which must belong to one of these tenants; null = all keys. */
async function familyOf(
  { db }: ConsoleContext,
  { keyFamily }: z.infer<typeof newOverride>,
  tenants: ReadonlySet<string>,
): Promise<string | null> {
  if (keyFamily === undefined) return null;
  const key = await findKeyOfFamily(db, keyFamily);
  if (key !== null && tenants.has(key.tenantId)) return key.familyId;
  throw new PublicError("invalid_value", "There is no such key of these tenants.", { param: "keyFamily" });
}

/** The limit's dimension, from the first tenant that has it; null = no tenant has it any more. */
function dimensionOf({ policy: { snapshot } }: ConsoleContext, row: OverrideRecord) {
  for (const tenant of snapshot.tenants.values()) {
    if (!patternMatches(row.tenantPattern, tenant.slug)) continue;
    const limit = snapshot.sourceOf(tenant.id)?.ofTier.find(({ name }) => name === row.limitName);
    if (limit !== undefined) return limit.dimension;
  }
  return null;
}

function shown(context: ConsoleContext, row: OverrideRecord) {
  const isOver = row.expiresAt !== null && row.expiresAt.getTime() <= context.clock.now();
  return {
    id: row.id,
    tenant: row.tenantPattern,
    keyFamily: row.keyFamilyId,
    limit: row.limitName,
    dimension: dimensionOf(context, row),
    capacity: row.capacity,
    refill: row.refill,
    reason: row.reason,
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt?.toISOString() ?? null,
    active: !isOver,
  };
}
