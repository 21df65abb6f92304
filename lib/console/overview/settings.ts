import type { Installation } from "../kernel/context";
import type { AdminRequest } from "../kernel/door";

export type SettingsView = {
  readonly installation: Installation;
  readonly publicUrl: string;
  /** limits by their failure mode while the store is away */
  readonly failureModes: readonly { readonly mode: string; readonly limits: number }[];
};

/**
 * GET /api/admin/settings: the settings at the start, and the limits' failure modes while the store is away. Operators of
 * some tenants see no groups, which name tenants, and no limits of others.
 */
export async function readSettings({ context, actor }: AdminRequest) {
  if (actor.tenants !== null) {
    const installation = { ...context.installation, oidcGroups: null };
    const own: SettingsView = { installation, publicUrl: context.publicUrl, failureModes: [] };
    return { body: own };
  }
  const { snapshot } = context.policy;
  const modes = new Map<string, Set<string>>();
  for (const tenant of snapshot.tenants.values()) {
    const compiled = snapshot.policyOf(tenant.id, null);
    if (compiled.kind === "faults") continue;
    for (const { limitId, failureMode } of compiled.policy.limits) {
      modes.set(failureMode, (modes.get(failureMode) ?? new Set()).add(limitId));
    }
  }
  const failureModes = [...modes].map(([mode, ids]) => ({ mode, limits: ids.size }));
  const view: SettingsView = { installation: context.installation, publicUrl: context.publicUrl, failureModes };
  return { body: view };
}
