import { and, eq, gt, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { providers } from "../../schema/catalog";
import { upstreamPlaces } from "../../schema/fleet";

export type PlaceRow = Pick<
  typeof upstreamPlaces.$inferSelect,
  "id" | "providerId" | "revision" | "state" | "changedAt"
>;

/** Places that changed after a moment of the database's clock; a handful, whatever the traffic. */
export async function placesSince(db: Database, since: Date): Promise<PlaceRow[]> {
  return db.select().from(upstreamPlaces).where(gt(upstreamPlaces.changedAt, since)).orderBy(upstreamPlaces.changedAt);
}

/**
 * Writes a place over the revision that was read (0 = there was none). Null: written. Otherwise another process was
 * faster, and this is its version.
 */
export async function writePlace(
  db: Database,
  place: { id: string; providerId: string; revision: number; state: unknown },
): Promise<PlaceRow | null> {
  const { id, providerId, revision, state } = place;
  const written =
    revision === 0
      ? await db
          .insert(upstreamPlaces)
          .values({ id, providerId, revision: 1, state })
          .onConflictDoNothing()
          .returning({ id: upstreamPlaces.id })
      : await db
          .update(upstreamPlaces)
          .set({ revision: revision + 1, state, changedAt: sql`now()` })
          .where(and(eq(upstreamPlaces.id, id), eq(upstreamPlaces.revision, revision)))
          .returning({ id: upstreamPlaces.id });
  if (written.length > 0) return null;
  const [found] = await db.select().from(upstreamPlaces).where(eq(upstreamPlaces.id, id));
  if (found === undefined) throw new Error("a place went away while it was written");
  return found;
}

/** The state of all places, for people. */
export async function allPlaces(db: Database): Promise<PlaceRow[]> {
  return db.select().from(upstreamPlaces).orderBy(upstreamPlaces.id);
}

/** The same with the names of their providers, and whether one was reopened after a moment. */
export async function placesWithProviders(db: Database) {
  const rows = await db
    .select({ id: upstreamPlaces.id, state: upstreamPlaces.state, provider: providers.slug, at: providers.reopenedAt })
    .from(upstreamPlaces)
    .innerJoin(providers, eq(providers.id, upstreamPlaces.providerId))
    .orderBy(upstreamPlaces.id);
  return rows.map(({ at, ...row }) => ({ ...row, isReopenedAfter: (ms: number) => at !== null && ms < at.getTime() }));
}
