import { eq, sql } from "drizzle-orm";
import type { Database } from "../../client";
import { tiers } from "../../schema/limits";
import { tenants } from "../../schema/tenancy";

export async function countTenantsOn(tx: Database, tierId: string): Promise<number> {
  const [row] = await tx.select({ count: sql<number>`count(*)::int` }).from(tenants).where(eq(tenants.tierId, tierId));
  return row?.count ?? 0;
}

/** A tier without tenants, with its limits and its scheduled drafts. */
export async function deleteTier(tx: Database, tierId: string): Promise<void> {
  await tx.delete(tiers).where(eq(tiers.id, tierId));
}
