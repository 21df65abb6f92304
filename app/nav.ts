import type { Action } from "@/lib/console/kernel/can.shared";

export type NavItem = {
  readonly href: string;
  readonly label: string;
  readonly icon:
    | "gauge"
    | "users"
    | "world"
    | "hand"
    | "building"
    | "stack"
    | "history"
    | "list"
    | "coin"
    | "bell"
    | "tag"
    | "scale"
    | "heartbeat"
    | "hourglass"
    | "flask"
    | "settings";
  readonly action: Action;
  /** after "g" it leads there */
  readonly key: string;
};

/** The console's pages, in the order of the menu, with what one must be allowed to see them. */
export const NAV: readonly NavItem[] = [
  { href: "/", label: "Overview", icon: "gauge", action: "overview.view", key: "o" },
  { href: "/tenants", label: "Tenants", icon: "building", action: "tenants.view", key: "t" },
  { href: "/brakes", label: "Brakes", icon: "hand", action: "brakes.view", key: "b" },
  { href: "/requests", label: "Requests", icon: "list", action: "ledger.view", key: "r" },
  { href: "/tiers", label: "Tiers", icon: "stack", action: "tiers.view", key: "l" },
  { href: "/everyone", label: "For everyone", icon: "world", action: "tiers.view", key: "w" },
  { href: "/spend", label: "Spend", icon: "coin", action: "budgets.view", key: "s" },
  { href: "/alerts", label: "Alerts", icon: "bell", action: "alerts.view", key: "a" },
  { href: "/prices", label: "Prices", icon: "tag", action: "prices.view", key: "p" },
  { href: "/reconciliation", label: "Reconciliation", icon: "scale", action: "reconciliation.view", key: "c" },
  { href: "/playground", label: "Playground", icon: "flask", action: "overview.view", key: "y" },
  { href: "/scarcity", label: "Scarcity", icon: "hourglass", action: "overview.view", key: "q" },
  { href: "/status", label: "Status", icon: "heartbeat", action: "overview.view", key: "h" },
  { href: "/staff", label: "Staff", icon: "users", action: "staff.view", key: "f" },
  { href: "/audit", label: "Audit", icon: "history", action: "audit.view", key: "u" },
  { href: "/settings", label: "Settings", icon: "settings", action: "overview.view", key: "e" },
];
