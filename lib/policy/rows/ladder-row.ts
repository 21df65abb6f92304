import { z } from "zod";
import { type Ladder, NO_LADDER } from "@/lib/limits/ladder/ladder";

/** A tier's ladder, as operators write it and as stored. */
export const ladderRow = z.strictObject({
  trimTo: z.number().int().min(1).max(10_000_000).nullable().default(null),
  models: z.array(z.string().min(1).max(128)).max(8).default([]),
  fromBudgetShare: z.number().min(0.01).max(1).nullable().default(null),
  reserve: z.enum(["worst", "learned"]).default("worst"),
  waits: z.boolean().default(false),
});

/**
 * The ladder of a stored tier. An invalid row counts as no ladder, so calls are refused and never admitted by mistake.
 */
export function ladderOf(stored: unknown): Ladder {
  if (typeof stored !== "object" || stored === null) return NO_LADDER;
  const known = KNOWN.get(stored);
  if (known !== undefined) return known;
  const parsed = ladderRow.safeParse(stored);
  const ladder = parsed.success ? parsed.data : NO_LADDER;
  KNOWN.set(stored, ladder);
  return ladder;
}

/** Every call asks for its tier's ladder, and a row never changes: it is parsed once. */
const KNOWN = new WeakMap<object, Ladder>();
