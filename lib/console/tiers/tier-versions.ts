import { randomUUID } from "node:crypto";
import { z } from "zod";
import {
  dueSchedules,
  endSchedule,
  insertSchedule,
  readSchedules,
  type ScheduleRow,
  servedAndRefused,
} from "@/db/queries/limits/tier-versions";
import { lockTier } from "@/db/queries/limits/tiers";
import { readAudit } from "@/db/queries/operators/audit";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "@/lib/clock";
import { eachAlone } from "@/lib/each-alone";
import { asPublicError, PublicError } from "@/lib/errors";
import { withoutStrict } from "@/lib/policy/rows/limit-row";
import { change } from "../kernel/change";
import type { ConsoleContext } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";
import { moment, parsed, type reasonOnly } from "../kernel/input";
import { type outcome, type Publication, publicationsOf } from "./publications";
import { checkedDraft, oneTier, publishTier, tierInput } from "./tiers";

const SHOWN_MAX = 30;
/** Sums by the minute are kept this long; older versions show no actual figure. */
const MINUTES_KEPT_DAYS = 3;
const AHEAD_DAYS_MAX = 90;

export const scheduleInput = z.strictObject({ publishAt: moment, draft: tierInput });

export type TierVersion = Omit<Publication, "made"> & {
  /** null: it was in force before the first publication that is kept */
  readonly at: string | null;
  readonly by: string | null;
  readonly comment: string | null;
  /** the actual figures of its first day, or so far; null when it is too long ago */
  readonly came: z.infer<typeof outcome> | null;
};
export type ScheduleView = ReturnType<typeof scheduleShown>;
export type TierVersions = { readonly versions: readonly TierVersion[]; readonly schedules: readonly ScheduleView[] };

/** GET /api/admin/tiers/{slug}/versions: published versions, newest first, and scheduled drafts. */
export async function listVersions({ context, params }: AdminRequest) {
  const tier = await oneTier(context, params.slug ?? "");
  await context.drainBooks();
  const [published, imported] = await Promise.all([
    readAudit(context.db, { action: "tiers.publish", target: tier.slug, limit: SHOWN_MAX }),
    readAudit(context.db, { action: "limits.import", limit: SHOWN_MAX }),
  ]);
  const publications = publicationsOf([...published, ...imported], tier.slug).slice(0, SHOWN_MAX);
  const known = [...context.policy.snapshot.tiers.values()].find((one) => one.slug === tier.slug);
  const tenantIds = [...context.policy.snapshot.tenants.values()].flatMap((one) =>
    one.tierId === known?.id ? one.id : [],
  );
  const now = context.clock.now();
  const versions = await Promise.all(
    publications.map(async ({ made, ...version }, index): Promise<TierVersion> => {
      if (made === null) return { ...version, at: null, by: null, comment: null, came: null };
      const from = made.at.getTime();
      // Until the next one was published; the newest comes first.
      const to = Math.min(now, publications[index - 1]?.made?.at.getTime() ?? now, from + DAY_MS);
      const isKept = from > now - MINUTES_KEPT_DAYS * DAY_MS;
      const range = { from: minuteAfter(from), to: new Date(to) };
      const sums = isKept ? await servedAndRefused(context.db, { tenantIds, ...range }) : null;
      const came = sums && { calls: sums.calls, refused: sums.refused, hours: (to - from) / HOUR_MS };
      return { ...version, ...made, at: made.at.toISOString(), came };
    }),
  );
  const schedules = await readSchedules(context.db, tier.slug);
  const view: TierVersions = { versions, schedules: schedules.map(scheduleShown) };
  return { body: view };
}

/** POST /api/admin/tiers/{slug}/schedules: checks the draft now; publishes it at its time unless the tier changes before. */
export async function scheduleTier({ context, actor, params, input }: AdminRequest<typeof scheduleInput>) {
  const { publishAt, draft } = input;
  const slug = params.slug ?? "";
  const { before } = await checkedDraft(context, slug, draft);
  const now = context.clock.now();
  const at = Date.parse(publishAt);
  if (at <= now || at > now + AHEAD_DAYS_MAX * DAY_MS) {
    const message = `publishAt must be in the future, at most ${AHEAD_DAYS_MAX} days ahead.`;
    throw new PublicError("invalid_value", message, { param: "publishAt" });
  }
  if (draft.version !== before.version) {
    const message = `The tier is now at version ${before.version}; the draft was made from version ${draft.version}.`;
    throw new PublicError("conflict", message, { details: { current: before } });
  }
  const stored = await change(context, actor, async (tx) => {
    const tier = await lockTier(tx, slug);
    if (tier === null) throw new PublicError("not_found", "There is no such tier.");
    const id = `sch_${randomUUID().slice(0, 18)}`;
    const rest = { publishAt: new Date(at), createdBy: actor.name, createdAt: new Date(now) };
    const row = { id, tierId: tier.id, draft, ...rest, status: "waiting", outcome: null };
    await insertSchedule(tx, row);
    const after = { id, publishAt, version: draft.version, limits: draft.limits };
    const reason = draft.comment ?? null;
    return { result: row, change: { action: "tiers.schedule", target: slug, before: null, after, reason } };
  });
  return { status: 201, body: scheduleShown(stored) };
}

/** DELETE /api/admin/tiers/{slug}/schedules/{id}: withdraws it. */
export async function withdrawSchedule({ context, actor, params, input }: AdminRequest<typeof reasonOnly>) {
  const { reason } = input;
  const slug = params.slug ?? "";
  const row = await change(context, actor, async (tx) => {
    const ended = await endSchedule(tx, params.id ?? "", { status: "withdrawn", outcome: null });
    if (ended === null) throw new PublicError("not_found", "There is no such scheduled draft.");
    const before = { id: ended.id, publishAt: ended.publishAt.toISOString() };
    const done = { action: "tiers.withdraw", target: slug, before, after: null, reason: reason ?? null };
    return { result: ended, change: done };
  });
  return { body: scheduleShown(row) };
}

/** Publishes due drafts in the name of the operator who scheduled them. A draft that cannot be published says why. */
export async function publishDue(context: ConsoleContext): Promise<void> {
  await eachAlone(await dueSchedules(context.db, new Date(context.clock.now())), async ({ row, slug }) => {
    const actor = { name: row.createdBy, role: "admin" as const, tenants: null, address: "scheduled", session: null };
    try {
      await publishTier({ context, actor }, slug, parsed(tierInput, readable(row.draft)), async (tx) => {
        const mine = await endSchedule(tx, row.id, { status: "published", outcome: null });
        if (mine === null) throw new PublicError("conflict", "Another process has already published it.");
      });
    } catch (thrown) {
      const known = asPublicError(thrown);
      if (known === null) throw thrown;
      await endSchedule(context.db, row.id, { status: "failed", outcome: known.message });
    }
  });
}

/** A stored draft, with its limits in the current form. */
function readable(stored: unknown): unknown {
  const draft = z.looseObject({ limits: z.array(z.unknown()) }).safeParse(stored);
  return draft.success ? { ...draft.data, limits: draft.data.limits.map(withoutStrict) } : stored;
}

function scheduleShown(row: ScheduleRow) {
  const draft = tierInput.safeParse(readable(row.draft));
  return {
    id: row.id,
    publishAt: row.publishAt.toISOString(),
    by: row.createdBy,
    status: row.status,
    outcome: row.outcome,
    comment: draft.success ? (draft.data.comment ?? null) : null,
    limits: draft.success ? draft.data.limits.length : 0,
  };
}

/** Sums are by the minute: the minute in which a version began also belongs to the version before. */
function minuteAfter(at: number): Date {
  return new Date(Math.ceil(at / MINUTE_MS) * MINUTE_MS);
}
