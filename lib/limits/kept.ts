import { slotAlgorithm } from "./algorithms/registry";
import type { Rule } from "./rules/rule";
import { CREDIT_KEPT_MS, KEPT_MAX_MS, OPEN_KEPT_MS, type Slot } from "./slot";

/**
 * How long, in ms from `now`, a store must keep a slot: until none of it is used, and longer for saved credit and for
 * buckets with running calls. Never so long that a store refuses the time.
 */
export function keptMs(rule: Rule, slot: Slot, now: number): number {
  const rest = Math.max(0, slotAlgorithm(rule.algorithm).restMs(rule, slot, now));
  const saved = rule.credit > 0 ? rest + CREDIT_KEPT_MS : rest;
  const open = rule.algorithm !== "sliding_window" && slot.marks.length > 0 ? Math.max(saved, OPEN_KEPT_MS) : saved;
  return Math.min(open, KEPT_MAX_MS);
}
