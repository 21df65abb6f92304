import { randomUUID } from "node:crypto";
import { z } from "zod";
import type { Database } from "@/db/client";
import { lockEveryone, readEveryone, replaceEveryone } from "@/db/queries/limits/everyone";
import { insertTier, replaceOverrides } from "@/db/queries/limits/limits-file";
import { readOverrides } from "@/db/queries/limits/overrides";
import { listTiers, lockTier, replaceTierLimits } from "@/db/queries/limits/tiers";
import { PublicError } from "@/lib/errors";
import { ladderOf, ladderRow } from "@/lib/policy/rows/ladder-row";
import { UNITS_MAX } from "@/lib/policy/rows/limit-bounds";
import { limitRow, limitSetFaults, withoutStrict } from "@/lib/policy/rows/limit-row";
import { needsConfirmation } from "../access/sessions";
import { change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { moment } from "../kernel/input";
import { USUAL_DAYS_MAX } from "../keys/key-lifetime";
import { readableLimits, type StoredLimit } from "./stored-limits";

const slug = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "lower-case letters, digits and dashes, at most 63");
const units = z.number().int().min(0).max(UNITS_MAX);

const tierFile = z.strictObject({
  slug,
  name: z.string().trim().min(1).max(100),
  ladder: ladderRow,
  limits: z.array(z.preprocess(withoutStrict, limitRow)).max(64),
});
const overrideFile = z.strictObject({
  tenant: z.string().min(1).max(64),
  keyFamily: z.string().max(128).nullable(),
  limit: z.string().min(1).max(63),
  capacity: units.nullable(),
  refill: units.nullable(),
  reason: z.string().min(1).max(500),
  expiresAt: moment.nullable(),
});
const limitsFile = z.strictObject({
  spillway: z.literal("limits/1"),
  /** Absent, as in older files: unchanged. */
  everyone: z.array(z.preprocess(withoutStrict, limitRow)).max(64).optional(),
  tiers: z.array(tierFile).max(200),
  overrides: z.array(overrideFile).max(5000),
});
export const limitsImport = z.strictObject({
  file: limitsFile,
  /** returns the changes without applying them */
  dryRun: z.boolean().default(false),
  reason: z.string().trim().min(1).max(500).optional(),
});

type LimitsFile = z.infer<typeof limitsFile>;

/** GET /api/admin/limits: every tier with its limits, and every override, as a file that can be imported again. */
export async function exportLimits({ context }: AdminRequest) {
  return { body: await currentFile(context, context.db) };
}

/**
 * PUT /api/admin/limits: replaces all limits by the file's. They apply to the next call, or the import fails as a
 * whole.
 */
export async function importLimits({ context, actor, input }: AdminRequest<typeof limitsImport>) {
  const { file, dryRun, reason } = input;
  const models = context.policy.snapshot.models;
  const ofEveryone = limitSetFaults(file.everyone ?? [], "everyone").map((fault) => `everyone: ${fault}`);
  const ofTiers = file.tiers.flatMap((tier) => [
    ...limitSetFaults(tier.limits, "tier").map((fault) => `${tier.slug}: ${fault}`),
    ...tier.ladder.models
      .filter((model) => !models.has(model))
      .map((model) => `${tier.slug}: there is no model "${model}"`),
  ]);
  const faults = [...ofEveryone, ...ofTiers];
  const twice = file.tiers.map((tier) => tier.slug).find((one, at, all) => all.indexOf(one) !== at);
  if (twice !== undefined) faults.push(`${twice}: the file names this tier twice`);
  if (faults.length > 0)
    throw new PublicError("invalid_value", faults.join("; "), { param: "file", details: { faults } });
  const before = await currentFile(context, context.db);
  const missing = before.tiers.filter((tier) => !file.tiers.some((one) => one.slug === tier.slug));
  if (missing.length > 0) {
    const message = `The file lacks existing tiers: ${missing.map((tier) => tier.slug).join(", ")}.`;
    throw new PublicError("invalid_value", message, { param: "file.tiers" });
  }
  const changes = differences(before, file);
  if (dryRun || changes.length === 0) return { body: { applied: false, changes } };
  needsConfirmation({ context, actor }, "Replacing all limits");
  await change(context, actor, async (tx) => {
    if (file.everyone !== undefined) {
      await lockEveryone(tx);
      await replaceEveryone(
        tx,
        file.everyone.map((limit, position) => ({ ...limit, id: limitId(), position })),
      );
    }
    const versions = { before: new Map<string, number>(), after: new Map<string, number>() };
    for (const [position, tier] of file.tiers.entries()) {
      const { known, version } = await putTierFile(tx, tier, position);
      if (known !== null) versions.before.set(tier.slug, known);
      versions.after.set(tier.slug, version);
    }
    await replaceOverrides(
      tx,
      file.overrides.map((one) => overrideRow(one, actor.name, context.clock.now())),
    );
    // With the version of each tier, so that any of them can be restored.
    const entry = {
      action: "limits.import",
      target: "all",
      reason: reason ?? null,
      before: { ...before, versions: Object.fromEntries(versions.before) },
      after: { ...file, versions: Object.fromEntries(versions.after) },
    };
    return { result: null, change: entry };
  });
  return { body: { applied: true, changes } };
}

async function currentFile(context: ConsoleContext, db: Database): Promise<LimitsFile> {
  const [rows, overrides, everyone] = [await listTiers(db), await readOverrides(db), await readEveryone(db)];
  const now = context.clock.now();
  return {
    spillway: "limits/1",
    everyone: fileLimits(everyone.limits),
    tiers: rows.tiers.map((tier) => ({
      slug: tier.slug,
      name: tier.name,
      ladder: ladderFile(tier.ladder),
      limits: fileLimits(rows.limits.filter((limit) => limit.tierId === tier.id)),
    })),
    overrides: overrides
      .filter((row) => row.expiresAt === null || row.expiresAt.getTime() > now)
      .map((row) => ({
        tenant: row.tenantPattern,
        keyFamily: row.keyFamilyId,
        limit: row.limitName,
        capacity: row.capacity,
        refill: row.refill,
        reason: row.reason,
        expiresAt: row.expiresAt?.toISOString() ?? null,
      })),
  };
}

/** Throws if a row cannot be read, because importing a file without it would delete it. */
function fileLimits(rows: readonly StoredLimit[]): LimitsFile["tiers"][number]["limits"] {
  const { limits, unreadable } = readableLimits(rows);
  if (unreadable.length > 0) {
    const message = `The database contains unreadable limits: ${unreadable.join(", ")}. Publish their tiers again first.`;
    throw new PublicError("conflict", message);
  }
  return limits.map(({ id: _id, ...limit }) => limit);
}

function limitId(): string {
  return `lim_${randomUUID().slice(0, 18)}`;
}

function ladderFile(stored: unknown): LimitsFile["tiers"][number]["ladder"] {
  const ladder = ladderOf(stored);
  return { ...ladder, models: [...ladder.models] };
}

/** The tier's version before, null where it is new, and its version now. */
async function putTierFile(tx: Database, tier: LimitsFile["tiers"][number], position: number) {
  const known = await lockTier(tx, tier.slug);
  const id = known?.id ?? `tier_${randomUUID().slice(0, 18)}`;
  if (known === null) await insertTier(tx, { id, slug: tier.slug, name: tier.name, position });
  const limits = tier.limits.map((limit, at) => ({
    ...limit,
    id: limitId(),
    tierId: id,
    position: at,
  }));
  const version = (known?.version ?? 0) + 1;
  await replaceTierLimits(
    tx,
    { id, version, ladder: tier.ladder, keyDaysMax: known === null ? USUAL_DAYS_MAX : known.keyDaysMax },
    limits,
  );
  return { known: known?.version ?? null, version };
}

function overrideRow(one: LimitsFile["overrides"][number], createdBy: string, now: number) {
  return {
    id: `ovr_${randomUUID().replaceAll("-", "").slice(0, 20)}`,
    tenantPattern: one.tenant,
    keyFamilyId: one.keyFamily,
    limitName: one.limit,
    capacity: one.capacity,
    refill: one.refill,
    reason: one.reason,
    createdBy,
    createdAt: new Date(now),
    expiresAt: one.expiresAt === null ? null : new Date(one.expiresAt),
  };
}

/** The changes of a file, one line each, for review before the import. */
function differences(before: LimitsFile, after: LimitsFile): string[] {
  const lines = after.everyone === undefined ? [] : limitDifferences("everyone", before.everyone ?? [], after.everyone);
  for (const tier of after.tiers) {
    const known = before.tiers.find((one) => one.slug === tier.slug);
    if (known === undefined) lines.push(`${tier.slug}: new tier with ${tier.limits.length} limits`);
    lines.push(...limitDifferences(tier.slug, known?.limits ?? null, tier.limits));
    if (known !== undefined && JSON.stringify(known.ladder) !== JSON.stringify(tier.ladder))
      lines.push(`${tier.slug}: ladder changed`);
  }
  const texts = (file: LimitsFile) => file.overrides.map((one) => JSON.stringify(one)).sort();
  if (JSON.stringify(texts(before)) !== JSON.stringify(texts(after))) {
    lines.push(`overrides: ${before.overrides.length} → ${after.overrides.length}`);
  }
  return lines;
}

/** `before` is null for an owner that is new: its limits need no line of their own. */
function limitDifferences(
  owner: string,
  before: LimitsFile["tiers"][number]["limits"] | null,
  after: LimitsFile["tiers"][number]["limits"],
): string[] {
  if (before === null) return [];
  const changed = after.flatMap((limit) => {
    const old = before.find((one) => one.name === limit.name);
    if (old === undefined) return `${owner}: new limit ${limit.name}, ${limit.capacity}`;
    if (JSON.stringify(old) === JSON.stringify(limit)) return [];
    const what = old.capacity === limit.capacity ? "changed" : `${old.capacity} → ${limit.capacity}`;
    return `${owner}: ${limit.name} ${what}`;
  });
  const gone = before.filter((old) => !after.some((limit) => limit.name === old.name));
  return [...changed, ...gone.map((old) => `${owner}: ${old.name} removed`)];
}
