import type { ScopeNames } from "./brake-view";

/** What a brake covers, as a sentence part. `names`: what people call what it names; absent = slug and id. */
export function scopeWords(scope: Readonly<Record<string, string | undefined>>, names: ScopeNames = {}): string {
  const { tenant, key, keyTenant, provider, tier } = names;
  const parts = Object.entries(scope).flatMap(([member, name]) => {
    if (name === undefined) return [];
    if (member === "priority") return `priority ${name} and less urgent`;
    if (member === "key" && key !== undefined) return `key "${key}" of ${keyTenant}`;
    return `${member} ${{ tenant, provider, tier }[member] ?? name}`;
  });
  return parts.length === 0 ? "All calls" : `Calls of ${parts.join(" and ")}`;
}
