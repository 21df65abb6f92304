/** Calls of the list of a tenant's latest ones. */
export const LATEST_SHOWN = 50;

/** A tenant's latest calls that contain a text, served and refused, as paths of the API. */
export function latestPaths(tenant: string, find: string): { readonly served: string; readonly refused: string } {
  const query = new URLSearchParams({ tenant, limit: String(LATEST_SHOWN) });
  if (find !== "") query.set("find", find);
  return { served: `ledger?${query}`, refused: `refusals/calls?${query}` };
}
