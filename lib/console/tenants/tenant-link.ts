import { createHmac } from "node:crypto";
import { z } from "zod";
import { readBudgets } from "@/db/queries/money/budgets";
import { refusalTotals, usageSeries, usageTotals } from "@/db/queries/money/usage";
import { voidLinks } from "@/db/queries/tenants/tenancy";
import { DAY_MS, HOUR_MS } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import { NO_TAGS } from "@/lib/limits/rules/layers";
import { policyInForce } from "@/lib/policy/snapshot/in-force";
import { forHolder, quotaOf } from "@/lib/quota/quota";
import { change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { sameText } from "../kernel/same-text";
import { type BudgetView, budgetView } from "../money/budget-view";
import { tenantBySlug } from "./tenants";

export const linkInput = z.strictObject({ expiresInDays: z.number().int().min(1).max(400).default(30) });

/** POST /api/admin/tenants/{slug}/link: opens the tenant's own page to its holder, until it expires or is revoked. */
export async function createLink({ context, actor, params, input }: AdminRequest<typeof linkInput>) {
  const { expiresInDays } = input;
  const tenant = tenantBySlug(context, params.slug ?? "");
  const expiresAt = context.clock.now() + expiresInDays * DAY_MS;
  const expires = new Date(expiresAt).toISOString();
  await change(context, actor, async () => {
    const after = { expiresAt: expires };
    return { result: null, change: { action: "tenants.link", target: tenant.slug, before: null, after, reason: null } };
  });
  const token = signed(context, [tenant.id, String(expiresAt), String(tenant.linkVersion)].join("."));
  return { status: 201, body: { url: `${context.publicUrl}/t/${token}`, expiresAt: expires } };
}

/** DELETE /api/admin/tenants/{slug}/link: revokes all links of the tenant. */
export async function revokeLinks({ context, actor, params }: AdminRequest) {
  const tenant = tenantBySlug(context, params.slug ?? "");
  await change(context, actor, async (tx) => {
    await voidLinks(tx, tenant.id);
    const entry = { action: "tenants.void-links", target: tenant.slug, before: null, after: null, reason: null };
    return { result: null, change: entry };
  });
  return { body: { tenant: tenant.slug } };
}

export type TenantPage = Awaited<ReturnType<typeof tenantPage>>;

/** What a tenant may see of itself, by its link. PublicError when the link is invalid or revoked. */
export async function tenantPage(context: ConsoleContext, token: string) {
  const tenant = tenantOf(context, token);
  await context.drainBooks();
  const { admission, clock, db, reservedOf } = context;
  const now = clock.now();
  const policy = policyInForce(context.policy.snapshot, tenant.id, null);
  const none = {
    keyFamilyId: null,
    userDigest: null,
    featureDigest: null,
    sessionDigest: null,
    agentDigest: null,
    tags: NO_TAGS,
    addressDigest: null,
    modelId: null,
    providerId: null,
  };
  const facts = { ...none, tenantId: tenant.id, tierId: tenant.tierId, endpoint: null };
  const month = {
    tenantId: tenant.id,
    grain: "day" as const,
    from: new Date(now - 30 * DAY_MS),
    to: new Date(now + DAY_MS),
  };
  const [quota, budgets, days, models, refusals] = await Promise.all([
    quotaOf({ admission, policy, facts, now, reservedOf, burnOf: context.burnOf }),
    readBudgets(db, tenant.id),
    usageSeries(db, { ...month, by: null }),
    usageTotals(db, { ...month, by: "model", most: 20 }),
    refusalTotals(db, { tenantId: tenant.id, since: new Date(now - 24 * HOUR_MS) }),
  ]);
  const views = await Promise.all(
    budgets.filter((row) => row.tenantId === tenant.id).map((row) => budgetView(context, row, now)),
  );
  return {
    tenant: tenant.name,
    timeZone: tenant.timeZone,
    at: new Date(now).toISOString(),
    limits: forHolder(quota).limits,
    budgets: views.map(ownBudget),
    days: days.map(({ bucket, calls, inputTokens, outputTokens, costMicroUsd }) => ({
      day: bucket.toISOString().slice(0, 10),
      calls,
      costMicroUsd,
      tokens: inputTokens + outputTokens,
    })),
    models: models.map(({ subject, calls, inputTokens, outputTokens, costMicroUsd }) => ({
      model: subject,
      calls,
      costMicroUsd,
      tokens: inputTokens + outputTokens,
    })),
    refusals: refusals.map(({ code, layer, limitName, count, lastMinute }) => ({
      code,
      layer,
      limit: limitName,
      count,
      last: lastMinute.toISOString(),
    })),
  };
}

/** A budget without its spenders. */
function ownBudget({ slug, inForceMicroUsd, periodEnd, refusedFromMicroUsd, spenders, forecast, nearest }: BudgetView) {
  return {
    slug,
    inForceMicroUsd,
    periodEnd,
    spentMicroUsd: spenders.reduce((sum, one) => sum + one.bookedMicroUsd, 0),
    leftMicroUsd: nearest?.leftMicroUsd ?? null,
    exhaustedAt: forecast.exhaustedAt,
    exhaustedPace: forecast.exhaustedPace,
    /** it refuses, instead of only counting */
    refuses: refusedFromMicroUsd !== null,
    isRefusing: forecast.isRefusing,
  };
}

function tenantOf(context: ConsoleContext, token: string) {
  const cut = token.lastIndexOf(".");
  const payload = Buffer.from(token.slice(0, Math.max(0, cut)), "base64url").toString("utf8");
  const [id = "", expiresAt = "", version = ""] = payload.split(".");
  const isGenuine = cut > 0 && sameText(signed(context, payload), token);
  const tenant = isGenuine ? context.policy.snapshot.tenants.get(id) : undefined;
  if (tenant === undefined) throw new PublicError("not_found", "This link is not valid.");
  if (Number(expiresAt) <= context.clock.now() || Number(version) !== tenant.linkVersion) {
    throw new PublicError("not_found", "This link was revoked or has expired. Ask for a new link.");
  }
  return tenant;
}

function signed(context: ConsoleContext, payload: string): string {
  const key = createHmac("sha256", context.auditKey).update("tenant link").digest();
  const signature = createHmac("sha256", key).update(payload).digest("base64url");
  return `${Buffer.from(payload).toString("base64url")}.${signature}`;
}
