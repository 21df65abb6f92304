import { z } from "zod";
import type { AuditRow } from "@/db/queries/operators/audit";
import { own } from "@/lib/money/own";
import { ladderRow } from "@/lib/policy/rows/ladder-row";
import { limitRow, withoutStrict } from "@/lib/policy/rows/limit-row";

export const outcome = z.object({ calls: z.number(), refused: z.number(), hours: z.number().default(24) });
const limits = z.array(z.preprocess(withoutStrict, limitRow.extend({ id: z.string().default("") })));

/** One version of a tier in the audit log; rows of another form are skipped. */
const kept = z.object({ version: z.number(), limits, ladder: ladderRow.optional(), predicted: outcome.optional() });
/** An imported file with the new version of each of its tiers. */
const keptFile = z.object({
  versions: z.record(z.string(), z.number()),
  tiers: z.array(z.object({ slug: z.string(), limits, ladder: ladderRow.optional() })),
});

export type Publication = {
  readonly version: number;
  readonly limits: z.infer<typeof limits>;
  readonly ladder: z.infer<typeof ladderRow> | null;
  readonly predicted: z.infer<typeof outcome> | null;
  /** null: only its successor was recorded, as for the installation's first version */
  readonly made: { readonly at: Date; readonly by: string; readonly comment: string | null } | null;
};

/**
 * A tier's versions from the audit rows of its publications and imports, newest first. A row also has the version that
 * it replaced, so the installation's first one is included.
 */
export function publicationsOf(rows: readonly AuditRow[], slug: string): Publication[] {
  const found = new Map<number, Publication>();
  for (const row of rows) {
    const made = { at: row.at, by: row.actor, comment: row.reason };
    const [after, before] = [versionIn(row.after, slug), versionIn(row.before, slug)];
    if (after !== null) found.set(after.version, { ...after, made });
    if (before !== null && !found.has(before.version)) found.set(before.version, { ...before, made: null });
  }
  return [...found.values()].sort((one, other) => other.version - one.version);
}

function versionIn(value: unknown, slug: string): Omit<Publication, "made"> | null {
  const published = kept.safeParse(value);
  if (published.success) {
    const { ladder = null, predicted = null, ...rest } = published.data;
    return { ...rest, ladder, predicted };
  }
  const file = keptFile.safeParse(value);
  const version = own(file.data?.versions, slug);
  const tier = file.data?.tiers.find((one) => one.slug === slug);
  if (tier === undefined || version === undefined) return null;
  return { version, limits: tier.limits, ladder: tier.ladder ?? null, predicted: null };
}
