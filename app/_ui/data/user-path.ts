/** Where a user of a tenant has its page. A name may hold slashes, so it is no part of the path. */
export function userPath(tenant: string, user: string): string {
  return `/tenants/${encodeURIComponent(tenant)}/user?${new URLSearchParams({ name: user })}`;
}
