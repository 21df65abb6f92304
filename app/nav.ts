import type { Action } from "@/lib/console/can";

/** The console's pages, in the order of the menu, with what one must be allowed to see them. */
export const NAV: readonly {
  href: string;
  label: string;
  icon: "gauge" | "users" | "hand" | "building" | "stack" | "history" | "list" | "coin" | "bell" | "tag" | "scale";
  action: Action;
}[] = [
  { href: "/", label: "Overview", icon: "gauge", action: "overview.view" },
  { href: "/tenants", label: "Tenants", icon: "building", action: "tenants.view" },
  { href: "/brakes", label: "Brakes", icon: "hand", action: "brakes.view" },
  { href: "/requests", label: "Requests", icon: "list", action: "ledger.view" },
  { href: "/tiers", label: "Tiers", icon: "stack", action: "tiers.view" },
  { href: "/spend", label: "Spend", icon: "coin", action: "budgets.view" },
  { href: "/alerts", label: "Alerts", icon: "bell", action: "alerts.view" },
  { href: "/prices", label: "Prices", icon: "tag", action: "prices.view" },
  { href: "/reconciliation", label: "Reconciliation", icon: "scale", action: "reconciliation.view" },
  { href: "/staff", label: "Staff", icon: "users", action: "staff.view" },
  { href: "/audit", label: "Audit", icon: "history", action: "audit.view" },
];
