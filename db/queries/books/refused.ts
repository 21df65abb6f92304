import { type AnyColumn, and, desc, eq, lt, or } from "drizzle-orm";
import type { Database } from "../../client";
import { inAnyCase } from "../../in-any-case";
import { refusedCalls } from "../../schema/books";
import { tenants } from "../../schema/tenancy";

export type RefusedCall = typeof refusedCalls.$inferSelect;

/** Stores refused calls; an existing one stays unchanged. */
export async function addRefusedCalls(db: Database, calls: readonly RefusedCall[]): Promise<void> {
  if (calls.length > 0)
    await db
      .insert(refusedCalls)
      .values([...calls])
      .onConflictDoNothing();
}

/** One stored refusal by its request id, of any tenant; null = not stored, deleted, or no refusal. */
export async function findRefusedCall(db: Database, requestId: string): Promise<RefusedCall | null> {
  const [found] = await db.select().from(refusedCalls).where(eq(refusedCalls.requestId, requestId));
  return found ?? null;
}

/** How far back a search goes: it must end even without a match. */
export const SEARCHED_MAX = 1000;

/** A tenant's stored refusals, newest first: those before `after`; with a text, those of the latest that contain it. */
export async function listRefusedCalls(
  db: Database,
  input: { tenant: string; limit: number; after: string | null } & Sought,
): Promise<RefusedCall[]> {
  const [tenant] = await db.select({ id: tenants.id }).from(tenants).where(eq(tenants.slug, input.tenant));
  if (tenant === undefined) return [];
  const latest = db
    .select()
    .from(refusedCalls)
    .where(
      and(
        eq(refusedCalls.tenantId, tenant.id),
        input.after === null ? undefined : lt(refusedCalls.requestId, input.after),
      ),
    )
    .orderBy(desc(refusedCalls.requestId))
    .limit(SEARCHED_MAX)
    .as("latest");
  const { askedModel, model, feature, keyId, endpoint, limitName, code, client, clientAddress } = latest;
  const columns = [askedModel, model, feature, keyId, endpoint, limitName, code, client, clientAddress];
  return db
    .select()
    .from(latest)
    .where(soughtIn(columns, latest.userDigest, input))
    .orderBy(desc(latest.requestId))
    .limit(input.limit);
}

/** A text in the requested fields, or a user's name; null = everything. */
export type Sought = { readonly find: string | null; readonly userDigest: string | null };

export function soughtIn(columns: readonly AnyColumn[], user: AnyColumn, { find, userDigest }: Sought) {
  if (find === null) return undefined;
  const isUser = userDigest === null ? [] : [eq(user, userDigest)];
  // A blank stands for a separator within names.
  return or(...inAnyCase(columns, find, " "), ...isUser);
}
