import { eq, inArray } from "drizzle-orm";
import type { Database } from "../../client";
import { keys, tenants } from "../../schema/tenancy";

export type NamesOf = {
  /** by slug */
  readonly tenants: ReadonlyMap<string, string>;
  /** by id, each with the name of its tenant */
  readonly keys: ReadonlyMap<string, { readonly name: string; readonly tenant: string }>;
};

/** What operators call these tenants and keys. Unknown ones are left out. No query for an empty list. */
export async function namesOf(
  db: Database,
  of: { readonly tenants: readonly string[]; readonly keys: readonly string[] },
): Promise<NamesOf> {
  const [ofTenants, ofKeys] = await Promise.all([
    of.tenants.length === 0
      ? []
      : db
          .select({ slug: tenants.slug, name: tenants.name })
          .from(tenants)
          .where(inArray(tenants.slug, [...of.tenants])),
    of.keys.length === 0
      ? []
      : db
          .select({ id: keys.id, name: keys.name, tenant: tenants.name })
          .from(keys)
          .innerJoin(tenants, eq(tenants.id, keys.tenantId))
          .where(inArray(keys.id, [...of.keys])),
  ]);
  return {
    tenants: new Map(ofTenants.map(({ slug, name }) => [slug, name])),
    keys: new Map(ofKeys.map(({ id, name, tenant }) => [id, { name, tenant }])),
  };
}
