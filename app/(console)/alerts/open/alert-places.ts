import { userPath } from "@/app/_ui/data/user-path";

type Place = { readonly label: string; readonly href: string };

/** Pages to open next for an alert, from what its finding names: the tenant first, then its refused calls. */
export function alertPlaces(detail: Readonly<Record<string, unknown>>): Place[] {
  const { tenant, user, provider, budget } = detail;
  const places: Place[] = [];
  if (isName(tenant)) {
    places.push({ label: `Tenant ${tenant}`, href: `/tenants/${encodeURIComponent(tenant)}` });
    if (isName(user)) places.push({ label: `User ${user}`, href: userPath(tenant, user) });
    if ("refused" in detail || "limit" in detail) {
      const query = new URLSearchParams({ tenant, kind: "refused", range: "1h" });
      places.push({ label: "Refused calls", href: `/requests/log?${query}` });
    }
  }
  if (isName(budget)) places.push({ label: "Budgets", href: "/spend" });
  if (isName(provider) || "limitedInARow" in detail) places.push({ label: "Provider headroom", href: "/scarcity" });
  if ("lastBrakeAt" in detail) places.push({ label: "Run a drill", href: "/brakes" });
  return places;
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}
