import { slotAlgorithm } from "./algorithms/registry";
import type { CheckState } from "./decide";
import { KEPT_MAX_MS } from "./slot";

/** The remaining amount of a limit after this call's reservation, for the headers of an admitted call. */
export function afterAdmission(state: CheckState, now: number): { remaining: number; resetMs: number } {
  const { rule, cost } = state.check;
  // A leaky bucket admits no further call until everything in it has leaked.
  const remaining = rule.algorithm === "leaky_bucket" ? 0 : Math.max(0, state.remaining - cost);
  if (rule.algorithm === "concurrency") return { remaining, resetMs: 0 };
  const resetMs = slotAlgorithm(rule.algorithm).emptyInMs(rule, state.level + cost, now);
  return { remaining, resetMs: Math.min(resetMs, KEPT_MAX_MS) };
}
