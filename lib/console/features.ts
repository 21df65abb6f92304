import { z } from "zod";
import { estimatesByFeature } from "@/db/queries/books";
import { setFeatureClasses } from "@/db/queries/console";
import { PublicError } from "@/lib/errors";
import { change } from "./change";
import type { AdminAnswer, AdminRequest } from "./door";
import { parsed } from "./input";

export const classInput = z.strictObject({ costClass: z.enum(["S", "M", "L", "XL"]).nullable() });
const featureName = z.string().min(1).max(128);

/**
 * PUT /api/admin/tenants/{slug}/features/{feature}: what calls of a feature hold for their output, whatever they allow:
 * a fixed class, or null for what the tier's ladder says.
 */
export async function putFeature({ console, actor, params, body }: AdminRequest): Promise<AdminAnswer> {
  const { costClass } = parsed(classInput, body);
  const feature = parsed(featureName, params.feature);
  const tenant = [...console.policy.snapshot.tenants.values()].find((one) => one.slug === params.slug);
  if (tenant === undefined) throw new PublicError("not_found", "There is no such tenant.");
  const { [feature]: before = null, ...others } = tenant.featureClasses;
  const classes = costClass === null ? others : { ...others, [feature]: costClass };
  await change(console, actor, async (tx) => {
    await setFeatureClasses(tx, tenant.id, classes);
    const target = `${tenant.slug}/${feature}`;
    return { result: null, change: { action: "features.put", target, before, after: costClass, reason: null } };
  });
  return { body: { tenant: tenant.slug, feature, costClass } };
}

const estimatesQuery = z.strictObject({
  tenant: z.string().min(1).max(128),
  /** absent = the last day */
  since: z.iso.datetime({ offset: true }).optional(),
});

/** GET /api/admin/estimates?tenant=&since=: per feature and model, what was held against what was billed. */
export async function readEstimates({ console, query }: AdminRequest): Promise<AdminAnswer> {
  const input = parsed(estimatesQuery, Object.fromEntries(query));
  await console.drainBooks();
  const rows = await estimatesByFeature(console.db, { tenant: input.tenant, since: since(console, input.since) });
  return { body: { rows } };
}

const DAY_MS = 86_400_000;

function since(console: AdminRequest["console"], given: string | undefined): Date {
  return given === undefined ? new Date(console.clock.now() - DAY_MS) : new Date(given);
}
