import type { readEveryone } from "@/db/queries/limits/everyone";
import { type LimitRow, limitRow } from "@/lib/policy/rows/limit-row";

export type StoredLimit = Awaited<ReturnType<typeof readEveryone>>["limits"][number];

/** Limits as the console shows them, and the names of rows that an edit by hand has made unreadable. */
export function readableLimits(rows: readonly StoredLimit[]) {
  const read = rows.map((row) => ({ row, limit: limitOf(row) }));
  return {
    limits: read.flatMap(({ row, limit }) => (limit === null ? [] : { id: row.id, ...limit })),
    unreadable: read.flatMap(({ row, limit }) => (limit === null ? row.name : [])),
  };
}

function limitOf({
  id: _id,
  tierId: _tier,
  keyFamilyId: _key,
  position: _position,
  ...rest
}: StoredLimit): LimitRow | null {
  const parsed = limitRow.safeParse(rest);
  return parsed.success ? parsed.data : null;
}
