export const ROLES = ["viewer", "operator", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** Who gives an operator's role: an admin, or the groups of single sign-on. */
export const ROLE_SOURCES = ["hand", "groups"] as const;

/** What each role may do. The one table: handlers, navigation and buttons read it. */
const ALLOWED = {
  "overview.view": "viewer",
  "ledger.view": "viewer",
  /** one's own saved views */
  "views.edit": "viewer",
  "quota.view": "viewer",
  "tiers.view": "viewer",
  "tiers.edit": "admin",
  "tiers.replay": "viewer",
  "counters.reset": "operator",
  "brakes.view": "viewer",
  "brakes.set": "operator",
  "brakes.lift": "operator",
  "tenants.view": "viewer",
  "tenants.edit": "admin",
  "notes.edit": "operator",
  "keys.view": "viewer",
  "keys.edit": "admin",
  "keys.revoke": "operator",
  "budgets.view": "viewer",
  "budgets.edit": "admin",
  "budgets.raise": "operator",
  "alerts.view": "viewer",
  "alerts.mute": "operator",
  "alerts.edit": "admin",
  "usage.view": "viewer",
  "prices.view": "viewer",
  "prices.edit": "admin",
  "reconciliation.view": "viewer",
  "reconciliation.edit": "admin",
  "staff.view": "admin",
  "staff.edit": "admin",
  "audit.view": "viewer",
  "catalog.view": "viewer",
  "catalog.edit": "admin",
  "config.view": "admin",
  "config.apply": "admin",
} as const satisfies Record<string, Role>;

export type Action = keyof typeof ALLOWED;

/** Roles are nested: a higher role has all rights of a lower role. */
export function can(role: Role, action: Action): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(ALLOWED[action]);
}

/** The lowest role with this right. */
export function requiredRole(action: Action): Role {
  return ALLOWED[action];
}

export function asRole(text: string | null | undefined): Role | null {
  return ROLES.find((role) => role === text) ?? null;
}
