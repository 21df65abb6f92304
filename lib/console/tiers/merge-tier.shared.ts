/** A limit in a draft. Its name identifies it and never changes; its other fields may. */
export type NamedLimit = { readonly name: string };

export type Merged<Limit> = {
  readonly limits: readonly Limit[];
  /** fields that both changed, differently; theirs was kept: "requests-per-minute: capacity" */
  readonly conflicts: readonly string[];
};

/**
 * Merges two edits of the same limits, field by field: a field that only one of them changed is taken from that one.
 * Where both changed a field to different values, theirs stays, because it is already in force, and the field is named.
 */
export function mergeLimits<Limit extends NamedLimit>(
  base: readonly Limit[],
  mine: readonly Limit[],
  theirs: readonly Limit[],
): Merged<Limit> {
  const find = (list: readonly Limit[], name: string) => list.find((limit) => limit.name === name);
  const names = [...new Set([...theirs, ...mine].map((limit) => limit.name))];
  const conflicts: string[] = [];
  const limits = names.flatMap((name): Limit[] => {
    const [was, my, their] = [find(base, name), find(mine, name), find(theirs, name)];
    if (my === undefined) {
      // Removed here. The other edit changed it, so it means to keep it.
      if (their === undefined || was === undefined) return their === undefined ? [] : [their];
      if (isSame(was, their)) return [];
      conflicts.push(`${name}: removed here, changed there`);
      return [their];
    }
    if (their === undefined) {
      if (was === undefined) return [my];
      if (!isSame(was, my)) conflicts.push(`${name}: changed here, removed there`);
      return [];
    }
    return [mergedFields(was, my, their, (field) => conflicts.push(`${name}: ${field}`))];
  });
  return { limits, conflicts };
}

function mergedFields<Limit extends NamedLimit>(
  was: Limit | undefined,
  mine: Limit,
  theirs: Limit,
  onConflict: (field: string) => void,
): Limit {
  const merged: Limit = { ...theirs };
  for (const [field, value] of Object.entries(mine)) {
    const before = was === undefined ? undefined : Reflect.get(was, field);
    const there = Reflect.get(theirs, field);
    if (field === "id" || isSame(value, before) || isSame(value, there)) continue;
    if (was === undefined || !isSame(there, before)) onConflict(field);
    else Reflect.set(merged, field, value);
  }
  return merged;
}

function isSame(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
