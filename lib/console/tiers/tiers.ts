import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Database } from "@/db/client";
import { insertTier } from "@/db/queries/limits/limits-file";
import { lockTier, listTiers as readTiers, replaceTierLimits } from "@/db/queries/limits/tiers";
import { PublicError } from "@/lib/errors";
import { ladderOf, ladderRow } from "@/lib/policy/rows/ladder-row";
import { type LimitRow, limitRow, limitSetFaults } from "@/lib/policy/rows/limit-row";
import { change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { displayName } from "../kernel/input";
import { USUAL_DAYS_MAX } from "../keys/key-lifetime";
import { readableLimits } from "../limits/stored-limits";

const LIMITS_MAX = 64;

/** Days after which a key of its tenants expires at the latest; null = no limit. */
export const keyDaysMax = z.number().int().min(1).max(3650).nullable();

export const tierInput = z.strictObject({
  slug: z.string(),
  /** Other members of GET's response may be sent back; they are ignored. */
  name: z.unknown().optional(),
  updatedAt: z.unknown().optional(),
  tenants: z.unknown().optional(),
  unreadable: z.unknown().optional(),
  version: z.number().int().min(1),
  limits: z
    .array(limitRow.extend({ id: z.string().max(64).optional(), name: limitRow.shape.name.optional() }))
    .max(LIMITS_MAX),
  /** Absent: unchanged. */
  ladder: ladderRow.optional(),
  /** Absent: unchanged. */
  keyDaysMax: keyDaysMax.optional(),
  comment: z.string().trim().max(500).optional(),
  /** The replay's forecast for it, stored beside the actual figures. */
  predicted: z
    .strictObject({ calls: z.number().int().min(0), refused: z.number().int().min(0), hours: z.number().int().min(1) })
    .optional(),
});

export const newTier = z.strictObject({
  slug: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and dashes, at most 63"),
  name: displayName,
  limits: z.array(limitRow).max(LIMITS_MAX),
  ladder: ladderRow.prefault({}),
  keyDaysMax: keyDaysMax.default(USUAL_DAYS_MAX),
  comment: z.string().trim().max(500).optional(),
});

export type TierView = Awaited<ReturnType<typeof tierViews>>[number];

/** GET /api/admin/tiers */
export async function listTiers({ context }: Pick<AdminRequest, "context">) {
  return { body: { tiers: await tierViews(context) } };
}

/** GET /api/admin/tiers/{slug} */
export async function getTier({ context, params }: Pick<AdminRequest, "context" | "params">) {
  return { body: await oneTier(context, params.slug ?? "") };
}

/**
 * PUT /api/admin/tiers/{slug}: replaces the limits of a tier. The version must be the one that was read; a stale one
 * gets 409 with the current tier. Counters keep their use, because they belong to a limit's name, not to its row.
 */
export async function putTier({ context, actor, params, input }: AdminRequest<typeof tierInput>) {
  return { body: await publishTier({ context, actor }, params.slug ?? "", input) };
}

/** POST /api/admin/tiers: a tier, without tenants at first. */
export async function createTier({ context, actor, input }: AdminRequest<typeof newTier>) {
  const { slug, name, limits, ladder, keyDaysMax: most, comment } = input;
  refuseFaults(context, limits, ladder.models);
  const id = `tier_${randomUUID().slice(0, 18)}`;
  await change(context, actor, async (tx) => {
    if ((await lockTier(tx, slug)) !== null)
      throw new PublicError("conflict", `A tier "${slug}" already exists.`, { param: "slug" });
    await insertTier(tx, { id, slug, name, position: (await readTiers(tx)).tiers.length });
    const rows = limits.map((limit, position) => ({ ...limit, id: newLimitId(), tierId: id, position }));
    await replaceTierLimits(tx, { id, version: 1, ladder, keyDaysMax: most }, rows);
    const after = { name, limits, ladder, keyDaysMax: most };
    const entry = { action: "tiers.create", target: slug, before: null, after, reason: comment ?? null };
    return { result: null, change: entry };
  });
  return { status: 201, body: await oneTier(context, slug) };
}

function newLimitId(): string {
  return `lim_${randomUUID().slice(0, 18)}`;
}

/** Checks a draft and puts it in force. `also` runs in the same transaction. */
export async function publishTier(
  { context, actor }: Pick<AdminRequest, "context" | "actor">,
  slug: string,
  input: z.infer<typeof tierInput>,
  also: (tx: Database) => Promise<void> = async () => undefined,
): Promise<TierView> {
  const { before, limits, ladder, keyDaysMax: most } = await checkedDraft(context, slug, input);
  await change(context, actor, async (tx) => {
    const tier = await lockTier(tx, slug);
    if (tier === null) throw noSuchTier(slug);
    if (tier.version !== input.version) {
      const current = await oneTier(context, slug);
      throw new PublicError(
        "conflict",
        `The tier has changed: it is now at version ${tier.version}, and yours was read at version ${input.version}.`,
        { details: { current } },
      );
    }
    const version = tier.version + 1;
    await replaceTierLimits(
      tx,
      { id: tier.id, version, ladder, keyDaysMax: most },
      limits.map((limit, position) => ({ ...limit, tierId: tier.id, position })),
    );
    await also(tx);
    const after = {
      version,
      limits,
      ladder,
      keyDaysMax: most,
      ...(input.predicted === undefined ? {} : { predicted: input.predicted }),
    };
    return {
      result: null,
      change: {
        action: "tiers.publish",
        target: slug,
        before: publishedOf(before),
        after,
        reason: input.comment ?? null,
      },
    };
  });
  return oneTier(context, slug);
}

/** A draft with valid form and limits. Throws PublicError with every fault. */
export async function checkedDraft(context: ConsoleContext, slug: string, input: z.infer<typeof tierInput>) {
  if (input.slug !== slug)
    throw new PublicError("invalid_value", "The slug in the body differs from the slug in the path.", {
      param: "slug",
    });
  const before = await oneTier(context, slug);
  const limits = input.limits.map((limit) => {
    const known = before.limits.find((one) => one.id === limit.id);
    const { id: _id, ...rest } = limit;
    return {
      ...rest,
      name: limit.name ?? known?.name ?? `${limit.layer}-${limit.dimension}`.replaceAll("_", "-"),
      id: known?.id ?? newLimitId(),
    };
  });
  const ladder = input.ladder ?? before.ladder;
  refuseFaults(context, limits, ladder.models);
  const most = input.keyDaysMax === undefined ? before.keyDaysMax : input.keyDaysMax;
  return { before, limits, ladder, keyDaysMax: most };
}

/** The state that a publication replaces. */
function publishedOf({ version, limits, ladder, keyDaysMax: most }: TierView) {
  return { version, limits, ladder, keyDaysMax: most };
}

function refuseFaults(context: ConsoleContext, limits: readonly LimitRow[], models: readonly string[]): void {
  const unknown = models.filter((model) => !context.policy.snapshot.models.has(model));
  const faults = [
    ...limitSetFaults(limits, "tier"),
    ...unknown.map((model) => `ladder: the model "${model}" does not exist or cannot be called`),
  ];
  if (faults.length > 0)
    throw new PublicError("invalid_value", faults.join("; "), { param: "limits", details: { faults } });
}

export async function oneTier(context: ConsoleContext, slug: string): Promise<TierView> {
  const tier = (await tierViews(context)).find((one) => one.slug === slug);
  if (tier === undefined) throw noSuchTier(slug);
  return tier;
}

async function tierViews(context: ConsoleContext) {
  const rows = await readTiers(context.db);
  const { tenants } = context.policy.snapshot;
  return rows.tiers.map((tier) => ({
    slug: tier.slug,
    name: tier.name,
    version: tier.version,
    ladder: ladderOf(tier.ladder),
    keyDaysMax: tier.keyDaysMax,
    updatedAt: tier.updatedAt.toISOString(),
    tenants: [...tenants.values()].filter((tenant) => tenant.tierId === tier.id).length,
    // Unreadable rows are named, and a publication replaces them with readable ones.
    ...readableLimits(rows.limits.filter((limit) => limit.tierId === tier.id)),
  }));
}

export function noSuchTier(slug: string): PublicError {
  return new PublicError("not_found", `There is no tier "${slug.slice(0, 64)}".`);
}
