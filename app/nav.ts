import type { Action } from "@/lib/console/kernel/can.shared";

/** Headings of the menu, in its order. */
export const NAV_GROUPS = ["Now", "Limits", "Set up", "Money", "Installation"] as const;
export type NavGroup = (typeof NAV_GROUPS)[number];

export type NavItem = {
  readonly href: string;
  readonly label: string;
  readonly group: NavGroup;
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
    | "settings"
    | "cloud"
    | "cpu"
    | "key"
    | "rocket"
    | "receipt"
    | "file";
  readonly action: Action;
  /** for operators of some tenants too */
  readonly ofSome?: true;
  /** its key after "g" */
  readonly key: string;
};

/** The console's pages in menu order, with the right that each requires. */
export const NAV: readonly NavItem[] = [
  { href: "/", label: "Overview", group: "Now", icon: "gauge", action: "overview.view", key: "o" },
  {
    href: "/tenants",
    label: "Tenants",
    group: "Now",
    icon: "building",
    action: "tenants.view",
    ofSome: true,
    key: "t",
  },
  { href: "/brakes", label: "Brakes", group: "Now", icon: "hand", action: "brakes.view", ofSome: true, key: "b" },
  { href: "/requests", label: "Requests", group: "Now", icon: "list", action: "ledger.view", ofSome: true, key: "r" },
  { href: "/alerts", label: "Alerts", group: "Now", icon: "bell", action: "alerts.view", key: "a" },
  { href: "/tiers", label: "Tiers", group: "Limits", icon: "stack", action: "tiers.view", key: "l" },
  { href: "/everyone", label: "For everyone", group: "Limits", icon: "world", action: "tiers.view", key: "w" },
  { href: "/scarcity", label: "Scarcity", group: "Limits", icon: "hourglass", action: "overview.view", key: "q" },
  { href: "/setup", label: "Get started", group: "Set up", icon: "rocket", action: "catalog.view", key: "i" },
  { href: "/providers", label: "Providers", group: "Set up", icon: "cloud", action: "catalog.view", key: "v" },
  { href: "/catalog", label: "Models", group: "Set up", icon: "cpu", action: "catalog.view", key: "m" },
  { href: "/keys", label: "Keys", group: "Set up", icon: "key", action: "keys.view", ofSome: true, key: "k" },
  { href: "/config", label: "Configuration", group: "Set up", icon: "file", action: "config.view", key: "x" },
  { href: "/playground", label: "Playground", group: "Set up", icon: "flask", action: "overview.view", key: "y" },
  { href: "/spend", label: "Spend", group: "Money", icon: "coin", action: "budgets.view", key: "s" },
  {
    href: "/statements",
    label: "Statements",
    group: "Money",
    icon: "receipt",
    action: "usage.view",
    ofSome: true,
    key: "n",
  },
  { href: "/prices", label: "Prices", group: "Money", icon: "tag", action: "prices.view", key: "p" },
  {
    href: "/reconciliation",
    label: "Reconciliation",
    group: "Money",
    icon: "scale",
    action: "reconciliation.view",
    key: "c",
  },
  { href: "/status", label: "Status", group: "Installation", icon: "heartbeat", action: "overview.view", key: "h" },
  { href: "/staff", label: "Staff", group: "Installation", icon: "users", action: "staff.view", key: "f" },
  { href: "/audit", label: "Audit", group: "Installation", icon: "history", action: "audit.view", key: "u" },
  {
    href: "/settings",
    label: "Settings",
    group: "Installation",
    icon: "settings",
    action: "overview.view",
    ofSome: true,
    key: "e",
  },
];
