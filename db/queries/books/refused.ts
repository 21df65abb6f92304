import { type AnyColumn, and, desc, eq, ilike, lt, or } from "drizzle-orm";
import type { Database } from "../../client";
import { refusedCalls } from "../../schema/books";
import { tenants } from "../../schema/tenancy";

export type RefusedCall = typeof refusedCalls.$inferSelect;

/** Keeps refused calls; one that is there already stays as it is. */
export async function addRefusedCalls(db: Database, calls: readonly RefusedCall[]): Promise<void> {
  if (calls.length > 0)
    await db
      .insert(refusedCalls)
      .values([...calls])
      .onConflictDoNothing();
}

/** One kept refusal by its request id, of any tenant; null = it was not kept, is forgotten, or was no refusal. */
export async function findRefusedCall(db: Database, requestId: string): Promise<RefusedCall | null> {
  const [found] = await db.select().from(refusedCalls).where(eq(refusedCalls.requestId, requestId));
  return found ?? null;
}

/** How far back a search goes: it must end, also when nothing is like it. */
export const SEARCHED_MAX = 1000;

/** A tenant's kept refusals, newest first: those before `after`, and of the latest ones those that a text occurs in. */
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

/** A text that occurs in what is asked for, or the user who is called so; null = everything. */
export type Sought = { readonly find: string | null; readonly userDigest: string | null };

export function soughtIn(columns: readonly AnyColumn[], user: AnyColumn, { find, userDigest }: Sought) {
  if (find === null) return undefined;
  const isUser = userDigest === null ? [] : [eq(user, userDigest)];
  return or(...columns.map((column) => ilike(column, likeness(find))), ...isUser);
}

/** A pattern for `ilike` that finds a text anywhere, whatever is in it; a blank stands for what joins words in names. */
function likeness(text: string): string {
  return `%${text.replace(/[\\%_]/g, "\\$&").replaceAll(" ", "_")}%`;
}
