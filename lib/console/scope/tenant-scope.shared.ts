/**
 * Slugs of the tenants that an operator sees and acts on. A slug may be of a tenant that is made later. Null = all tenants;
 * empty = none.
 */
export type TenantScope = readonly string[] | null;

export function isInScope(scope: TenantScope, slug: string): boolean {
  return scope === null || scope.includes(slug);
}

/** "the tenants acme, beta": as many as fit a sentence. */
export function scopeWords(scope: readonly string[]): string {
  const [first] = scope;
  if (first === undefined) return "no tenant";
  if (scope.length === 1) return `the tenant ${first}`;
  const more = scope.length - NAMED_MAX;
  return `the tenants ${scope.slice(0, NAMED_MAX).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

const NAMED_MAX = 5;
