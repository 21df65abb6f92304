import { randomUUID } from "node:crypto";
import { z } from "zod";
import {
  countActiveKeys,
  countTenants,
  findTenant,
  insertTenant,
  lockTenant,
  readTenants,
  type TenantRow,
  updateTenant,
} from "@/db/queries/tenants/tenancy";
import { PublicError } from "@/lib/errors";
import { isTimeZone } from "@/lib/policy/calendar";
import { change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { displayName } from "../kernel/input";
import { isInScope } from "../scope/tenant-scope.shared";

const name = displayName;
const tier = z.string().min(1).max(128);
const timeZone = z.string().max(64).refine(isTimeZone, "is not a time zone such as Europe/Berlin");
const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and dashes, at most 63");

export const newTenant = z.strictObject({ slug, name, tier, timeZone: timeZone.default("UTC") });
export const editedTenant = z.strictObject({
  name: name.optional(),
  tier: tier.optional(),
  timeZone: timeZone.optional(),
  status: z.enum(["active", "suspended"]).optional(),
  reason: z.string().trim().min(1).max(500).optional(),
});

export type TenantView = Awaited<ReturnType<typeof tenantViews>>[number];

export const tenantsQuery = z.strictObject({
  /** words that must all occur in the name or the slug */
  find: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(5000).default(1000),
  /** `next` of the page before */
  after: z.string().max(128).optional(),
});

/** GET /api/admin/tenants?find=&limit=&after=: by name; `total` counts those on all pages. */
export async function listTenants({ context, actor, input }: AdminRequest<typeof tenantsQuery>) {
  const { find = null, after = null, limit } = input;
  // A page after another tenant would tell where its name is in the order.
  if (after !== null && !isInScope(actor.tenants, after)) throw noSuchTenant(after);
  const [rows, total] = await Promise.all([
    readTenants(context.db, { find, after, limit, among: actor.tenants }),
    countTenants(context.db, find, actor.tenants),
  ]);
  const next = rows.length < limit ? null : (rows.at(-1)?.slug ?? null);
  return { body: { tenants: await tenantViews(context, rows), next, total } };
}

/** GET /api/admin/tenants/{slug} */
export async function getTenant({ context, params }: Pick<AdminRequest, "context" | "params">) {
  return { body: await oneTenant(context, params.slug ?? "") };
}

/** POST /api/admin/tenants: a tenant, without keys at first. */
export async function createTenant({ context, actor, input }: AdminRequest<typeof newTenant>) {
  const { tier: tierSlug, ...facts } = input;
  const tierId = tierIdOf(context, tierSlug);
  const row = { id: `tenant_${randomUUID().slice(0, 18)}`, ...facts, tierId };
  await change(context, actor, async (tx) => {
    if (!(await insertTenant(tx, row))) {
      throw new PublicError("conflict", `A tenant "${input.slug}" already exists.`, { param: "slug" });
    }
    const after = { ...facts, tier: tierSlug };
    return {
      result: null,
      change: { action: "tenants.create", target: input.slug, before: null, after, reason: null },
    };
  });
  return { status: 201, body: await oneTenant(context, input.slug) };
}

/** PATCH /api/admin/tenants/{slug}: changes name, tier, time zone, or status. A suspended tenant's next call is a 403. */
export async function editTenant({ context, actor, params, input }: AdminRequest<typeof editedTenant>) {
  const { tier: tierSlug, reason, ...rest } = input;
  const slugGiven = params.slug ?? "";
  const set = { ...rest, ...(tierSlug === undefined ? {} : { tierId: tierIdOf(context, tierSlug) }) };
  await change(context, actor, async (tx) => {
    const row = await lockTenant(tx, slugGiven);
    if (row === null) throw noSuchTenant(slugGiven);
    await updateTenant(tx, row.id, set);
    const before = shownPart(context, row);
    const after = { ...before, ...rest, ...(tierSlug === undefined ? {} : { tier: tierSlug }) };
    return {
      result: null,
      change: { action: "tenants.edit", target: slugGiven, before, after, reason: reason ?? null },
    };
  });
  return { body: await oneTenant(context, slugGiven) };
}

export function tenantBySlug(context: ConsoleContext, slugGiven: string) {
  const tenant = [...context.policy.snapshot.tenants.values()].find((one) => one.slug === slugGiven);
  if (tenant === undefined) throw noSuchTenant(slugGiven);
  return tenant;
}

async function oneTenant(context: ConsoleContext, slugGiven: string): Promise<TenantView> {
  const row = await findTenant(context.db, slugGiven);
  const [view] = row === null ? [] : await tenantViews(context, [row]);
  if (view === undefined) throw noSuchTenant(slugGiven);
  return view;
}

async function tenantViews(context: ConsoleContext, rows: readonly TenantRow[]) {
  const active = await countActiveKeys(
    context.db,
    rows.map((row) => row.id),
  );
  return rows.map((row) => ({
    ...shownPart(context, row),
    tierName: context.policy.snapshot.tiers.get(row.tierId)?.name ?? row.tierId,
    createdAt: row.createdAt.toISOString(),
    activeKeys: active.get(row.id) ?? 0,
    featureClasses: row.featureClasses,
  }));
}

function shownPart(context: ConsoleContext, row: Pick<TenantRow, "slug" | "name" | "tierId" | "timeZone" | "status">) {
  const tierSlug = context.policy.snapshot.tiers.get(row.tierId)?.slug ?? row.tierId;
  return { slug: row.slug, name: row.name, tier: tierSlug, timeZone: row.timeZone, status: row.status };
}

function tierIdOf(context: ConsoleContext, tierSlug: string): string {
  const found = [...context.policy.snapshot.tiers.values()].find((one) => one.slug === tierSlug);
  if (found === undefined) throw new PublicError("invalid_value", `There is no tier "${tierSlug}".`, { param: "tier" });
  return found.id;
}

function noSuchTenant(slugGiven: string): PublicError {
  return new PublicError("not_found", `There is no tenant "${slugGiven.slice(0, 64)}".`);
}
