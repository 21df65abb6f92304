import type { Amounts, Dimension } from "./rules/dimensions";
import type { Layer } from "./rules/layers";
import type { Rule } from "./rules/rule";

/** Behaviour of a limit while the counter store is away. */
export const FAILURE_MODES = ["closed", "local", "open"] as const;
export type FailureMode = (typeof FAILURE_MODES)[number];

/** One limit applied to one subject with one cost. */
export type Check = {
  readonly limitId: string;
  readonly layer: Layer;
  readonly dimension: Dimension;
  readonly subject: string;
  /** Names the counter inside the subject, without capacity and refill: a change of those keeps what was used. */
  readonly slotId: string;
  /** Subject and slot in one: names the counter in a store. */
  readonly counter: string;
  readonly rule: Rule;
  /** Units reserved at admission; at least 1. */
  readonly cost: number;
  /** Counts, but cannot deny. */
  readonly observe: boolean;
  /**
   * The capacity is the part of a counter that this class of calls may fill. A level above it stands and does not mean
   * that the limit was lowered. A call larger than the part takes all of it.
   */
  readonly isPart?: true;
  /** The unused reservation of a sent call is not refunded, because the provider counts the maximum too. */
  readonly isKept?: true;
  /** Absent: local. */
  readonly failureMode?: FailureMode;
};

/** The ordered checks for one candidate of one call. */
export type Plan = {
  /** Which model and max_tokens this plan stands for; the caller's own label, not read here. */
  readonly candidate: string;
  readonly checks: readonly Check[];
};

/** A limit that applies to a call, with its subject. A policy yields it, and a plan adds the amount. */
export type AppliedLimit = Omit<Check, "cost">;

/** Adds the amounts of one candidate to its limits. Dimensions that the candidate does not use are left out. */
export function plan(input: { candidate: string; limits: readonly AppliedLimit[]; amounts: Amounts }): Plan {
  const checks: Check[] = [];
  for (const limit of input.limits) {
    const amount = input.amounts[limit.dimension];
    const cost = limit.isPart === true ? Math.min(amount, limit.rule.capacity) : amount;
    if (!Number.isSafeInteger(cost) || cost < 0) throw new Error(`cost of ${limit.dimension} is not a whole number`);
    if (cost > 0) checks.push(checkOf(limit, cost));
  }
  return { candidate: input.candidate, checks };
}

/** Written out, as every call makes a dozen: with a spread, V8 makes a new shape each time, which takes microseconds. */
function checkOf(limit: AppliedLimit, cost: number): Check {
  const { limitId, layer, dimension, subject, slotId, counter, rule, observe, failureMode, isPart } = limit;
  // Rare: a provider's own limit.
  if (isPart === true) return { ...limit, cost };
  return failureMode === undefined
    ? { limitId, layer, dimension, subject, slotId, counter, rule, observe, cost }
    : { limitId, layer, dimension, subject, slotId, counter, rule, observe, failureMode, cost };
}
