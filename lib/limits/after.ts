import { slotAlgorithm } from "./algorithms/registry";
import type { CheckState } from "./decide";
import { KEPT_MAX_MS } from "./slot";

/** What is left of a limit once this call's reservation is in: what the headers of an admitted call tell. */
export function afterAdmission(state: CheckState, now: number): { remaining: number; resetMs: number } {
  const { rule, cost } = state.check;
  const remaining = Math.max(0, state.remaining - cost);
  if (rule.algorithm === "concurrency") return { remaining, resetMs: 0 };
  const resetMs = slotAlgorithm(rule.algorithm).emptyInMs(rule, state.level + cost, now);
  return { remaining, resetMs: Math.min(resetMs, KEPT_MAX_MS) };
}
