import { compareLimits, countChanges } from "@/lib/console/tiers/cells/limit-cells.shared";
import { mergeLimits } from "@/lib/console/tiers/merge-tier.shared";
import { type DraftLimit, putInForce } from "@/lib/console/tiers/observed-draft.shared";
import type { TierVersion } from "@/lib/console/tiers/tier-versions";
import type { TierView } from "@/lib/console/tiers/tiers";
import { KeptEdits } from "../../../_ui/data/kept-edits";

/** What the form starts with instead of the current version: a restored version, or two merged edits. */
export type TierDraft = {
  readonly limits: readonly DraftLimit[];
  readonly ladder: TierView["ladder"];
  readonly keyDaysMax: TierView["keyDaysMax"];
  readonly comment: string;
  readonly notice: string;
};

/** The edit in the form. */
export type TierEdit = Omit<TierDraft, "notice">;

/** Edits of tiers that were left unpublished in this tab. */
export const KEPT_TIERS = new KeptEdits<{ readonly tier: TierView; readonly edit: TierEdit }>();

/** This tier's unpublished edit, on top of a version that was published meanwhile; null = none. */
export function keptDraft(tier: TierView): TierDraft | null {
  const kept = KEPT_TIERS.of(tier.slug);
  if (kept === null) return null;
  if (kept.tier.version !== tier.version) return mergedDraft(kept.tier, kept.edit, tier);
  return { ...kept.edit, notice: "These are your unpublished changes. Review them, then publish." };
}

/** Enforces the limits that were only observed. */
export function watchedDraft(tier: TierView): TierDraft {
  return {
    limits: putInForce(tier.limits),
    ladder: tier.ladder,
    keyDaysMax: tier.keyDaysMax,
    comment: "Enforce the observed limits",
    notice: "The observed limits replace the current limits in this draft. Review them, then publish.",
  };
}

/** Goes back to an earlier version. */
export function restoredDraft(tier: TierView, version: TierVersion): TierDraft {
  return {
    limits: version.limits.map(({ id: _id, ...limit }) => knownAs(tier, limit)),
    ladder: version.ladder ?? tier.ladder,
    // A version holds limits only, so key lifetimes are not rolled back.
    keyDaysMax: tier.keyDaysMax,
    comment: `Restore version ${version.version}`,
    notice: `Version ${version.version} is loaded as a draft. Review it, then publish. Counters keep current usage.`,
  };
}

/** An edit of one version, on top of a newer version. */
export function mergedDraft(tier: TierView, edit: TierEdit, newer: TierView): TierDraft {
  const { limits, conflicts } = mergeLimits<DraftLimit>(tier.limits, edit.limits, newer.limits);
  const said =
    conflicts.length === 0 ? "There were no conflicts." : `For ${conflicts.join(", ")}, the newer version was kept.`;
  return {
    limits,
    ladder: isSame(edit.ladder, tier.ladder) ? newer.ladder : edit.ladder,
    keyDaysMax: edit.keyDaysMax === tier.keyDaysMax ? newer.keyDaysMax : edit.keyDaysMax,
    comment: edit.comment,
    notice: `Your changes are merged into version ${newer.version}. ${said} Review them, then publish.`,
  };
}

/** In how many values the edit differs from its base version; the comment does not count. */
export function changesFrom(tier: TierView, edit: TierEdit): number {
  const ladder = Object.entries(edit.ladder).filter(([name, value]) => !isSame(value, Reflect.get(tier.ladder, name)));
  const limits = countChanges(compareLimits(tier.limits, edit.limits), tier.limits);
  return limits + ladder.length + (edit.keyDaysMax === tier.keyDaysMax ? 0 : 1);
}

function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** A limit of an earlier version with its current id, so that it is an edit and not a new limit. */
function knownAs(tier: TierView, limit: DraftLimit): DraftLimit {
  const now = tier.limits.find((one) => one.name === limit.name);
  return now === undefined ? limit : { id: now.id, ...limit };
}
