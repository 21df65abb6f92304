import type { Performed } from "./catalog-actions";

/** Removes what can be put back, undoes it, and removes it again. */
export async function performRemovals(
  change: Performed["change"],
  { rule, channel, budget }: { readonly rule: string; readonly channel: string; readonly budget: string },
): Promise<void> {
  for (const [name, action, id] of [
    ["AlertRules", "alert-rules", rule],
    ["AlertChannels", "alert-channels", channel],
    ["Budgets", "budgets", budget],
  ] as const) {
    const ask = { path: { id } };
    await change(`delete${name}Id`, ask, `${action}.remove`);
    await change(`post${name}IdRestore`, ask, `${action}.restore`);
    await change(`delete${name}Id`, ask, `${action}.remove`);
  }
}
