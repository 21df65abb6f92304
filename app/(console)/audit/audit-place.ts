/** Pages by the first part of an action. `of`: the page of the one object; absent = the list that holds it. */
const PLACES: Readonly<Record<string, { readonly list: string; readonly of?: (target: string) => string }>> = {
  "alert-channels": { list: "/alerts" },
  "alert-rules": { list: "/alerts" },
  brakes: { list: "/brakes" },
  budgets: { list: "/spend" },
  everyone: { list: "/everyone" },
  keys: { list: "/keys", of: (id) => `/keys?find=${encodeURIComponent(id)}` },
  models: { list: "/catalog" },
  notes: { list: "/tenants", of: (slug) => `/tenants/${encodeURIComponent(slug)}` },
  overrides: { list: "/tiers" },
  prices: { list: "/prices" },
  providers: { list: "/providers" },
  reconciliation: { list: "/reconciliation" },
  scarcity: { list: "/scarcity" },
  staff: { list: "/staff" },
  tenants: { list: "/tenants", of: (slug) => `/tenants/${encodeURIComponent(slug)}` },
  tiers: { list: "/tiers", of: (slug) => `/tiers/${encodeURIComponent(slug)}` },
};

/** A removed note leaves its tenant. */
const ENDS = /^(?!notes\.).*\.remove$/;

/** Where a changed object is now; a removed one leads to the list that held it. Null = it has no page. */
export function auditPlace(action: string, target: string): string | null {
  const place = PLACES[action.split(".")[0] ?? ""];
  if (place === undefined) return null;
  return place.of === undefined || ENDS.test(action) ? place.list : place.of(target);
}
