import { z } from "zod";
import type { Database } from "@/db/client";
import { estimatesByFeature } from "@/db/queries/books/books";
import { lockTenant, type TenantRow, updateTenant } from "@/db/queries/tenants/tenancy";
import { DAY_MS } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import { own } from "@/lib/money/own";
import { CLASS_OUTPUT_TOKENS, COST_CLASSES, type CostClass, classPermits, permitsFor } from "@/lib/policy/cost-class";
import { change } from "../kernel/change";
import type { AdminRequest } from "../kernel/door";
import { moment, parsed } from "../kernel/input";
import { tenantBySlug } from "./tenants";

const featureName = z.string().min(1).max(128);
export const classInput = z.strictObject({ costClass: z.enum(COST_CLASSES).nullable() });
export const namedClassInput = classInput.extend({ feature: featureName });
export const permitsInput = classPermits;

/** A feature on its tenant's page; figures are of the last day's calls that their provider billed. */
export type FeatureView = {
  readonly feature: string;
  readonly costClass: CostClass | null;
  readonly calls: number;
  readonly reservedInputTokens: number;
  readonly inputTokens: number;
  readonly reservedOutputTokens: number;
  readonly outputTokens: number;
};
export type FeaturesView = {
  /** how many requests one call of a class counts as */
  readonly permits: Readonly<Record<CostClass, number>>;
  /** output tokens that one call of a class holds for each choice */
  readonly outputTokens: Readonly<Record<CostClass, number>>;
  readonly features: readonly FeatureView[];
};

/** GET /api/admin/tenants/{slug}/features: features with a class or with calls in the last day, and the class values. */
export async function listFeatures({ context, params }: AdminRequest) {
  const { slug, featureClasses, classPermits: given } = tenantBySlug(context, params.slug ?? "");
  await context.drainBooks();
  const rows = await estimatesByFeature(context.db, { tenant: slug, since: since(context, undefined) });
  const names = new Set([...Object.keys(featureClasses), ...rows.flatMap(({ feature }) => feature ?? [])]);
  const features = [...names].sort().map((feature): FeatureView => {
    const of = rows.filter((row) => row.feature === feature);
    const sum = (figure: (row: (typeof rows)[number]) => number) => of.reduce((all, row) => all + figure(row), 0);
    return {
      feature,
      costClass: own(featureClasses, feature) ?? null,
      calls: sum((row) => row.calls),
      reservedInputTokens: sum((row) => row.reservedInputTokens),
      inputTokens: sum((row) => row.inputTokens),
      reservedOutputTokens: sum((row) => row.reservedOutputTokens),
      outputTokens: sum((row) => row.outputTokens),
    };
  });
  const body: FeaturesView = { permits: permitsFor(given), outputTokens: CLASS_OUTPUT_TOKENS, features };
  return { body };
}

/** PUT /api/admin/tenants/{slug}/features/{feature}: as `putNamedFeature`, for names that a path can hold. */
export async function putFeature({ params, input, ...rest }: AdminRequest<typeof classInput>) {
  const feature = parsed(featureName, params.feature);
  return putNamedFeature({ ...rest, params, input: { ...input, feature } });
}

/**
 * PUT /api/admin/tenants/{slug}/features: the cost class of a feature's calls. It sets how many requests each counts as,
 * and what it holds for its output. null = one request, and the tier's ladder.
 */
export async function putNamedFeature({ context, actor, params, input }: AdminRequest<typeof namedClassInput>) {
  const { costClass, feature } = input;
  const { slug } = tenantBySlug(context, params.slug ?? "");
  await change(context, actor, async (tx) => {
    const row = await locked(tx, slug);
    const { [feature]: _before, ...others } = row.featureClasses;
    const before = own(row.featureClasses, feature) ?? null;
    await updateTenant(tx, row.id, {
      featureClasses: costClass === null ? others : { ...others, [feature]: costClass },
    });
    const target = `${slug}/${feature}`;
    return { result: null, change: { action: "features.put", target, before, after: costClass, reason: null } };
  });
  return { body: { tenant: slug, feature, costClass } };
}

/** PUT /api/admin/tenants/{slug}/classes: how many requests a call of each class counts as; absent = default. */
export async function putClasses({ context, actor, params, input }: AdminRequest<typeof permitsInput>) {
  const given = input;
  const { slug } = tenantBySlug(context, params.slug ?? "");
  await change(context, actor, async (tx) => {
    const row = await locked(tx, slug);
    await updateTenant(tx, row.id, { classPermits: given });
    const [before, after] = [permitsFor(row.classPermits), permitsFor(given)];
    return { result: null, change: { action: "classes.put", target: slug, before, after, reason: null } };
  });
  return { body: { tenant: slug, permits: permitsFor(given) } };
}

/** Two edits of one tenant's classes must not undo each other. */
async function locked(tx: Database, slug: string): Promise<TenantRow> {
  const row = await lockTenant(tx, slug);
  if (row === null) throw new PublicError("not_found", "There is no such tenant.");
  return row;
}

export const estimatesQuery = z.strictObject({
  tenant: z.string().min(1).max(128),
  /** absent = the last day */
  since: moment.optional(),
});

/** GET /api/admin/estimates?tenant=&since=: per feature and model, tokens held and tokens billed. */
export async function readEstimates({ context, input }: AdminRequest<typeof estimatesQuery>) {
  await context.drainBooks();
  const rows = await estimatesByFeature(context.db, { tenant: input.tenant, since: since(context, input.since) });
  return { body: { rows } };
}

function since(context: AdminRequest["context"], given: string | undefined): Date {
  return given === undefined ? new Date(context.clock.now() - DAY_MS) : new Date(given);
}
