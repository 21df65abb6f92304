import { type Actor, currentConsole } from "../kernel/context";
import { isInScope } from "./tenant-scope.shared";

/** The names of pages about one tenant or tier, from memory. What the operator may not see, or nobody made, keeps its slug. */
export function tenantTitle(actor: Actor | null, slug: string): string {
  const tenants = currentConsole()?.policy.snapshot.tenants.values() ?? [];
  const found = [...tenants].find((one) => one.slug === slug);
  return found === undefined || actor === null || !isInScope(actor.tenants, slug) ? slug : found.name;
}

export function tierTitle(actor: Actor | null, slug: string): string {
  const tiers = currentConsole()?.policy.snapshot.tiers.values() ?? [];
  return (actor === null ? undefined : [...tiers].find((one) => one.slug === slug)?.name) ?? slug;
}
