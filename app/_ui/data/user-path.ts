/** The page of a tenant's user. A name may contain slashes, so it is not in the path. */
export function userPath(tenant: string, user: string): string {
  return `/tenants/${encodeURIComponent(tenant)}/user?${new URLSearchParams({ name: user })}`;
}
