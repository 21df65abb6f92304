import { SLOT_ALGORITHMS, slotAlgorithm } from "./algorithms/registry";
import type { Check, Plan } from "./plan";
import type { Rule } from "./rules/rule";
import { KEPT_MAX_MS, NEVER, type Slot } from "./slot";
import { waitMs } from "./wait";

/** The counters that the decision reads, as of store time `now`. */
export interface CounterView {
  slot(counter: string, now: number): Slot | undefined;
  /** Leases of the counter that have not expired at `now`. */
  leases(counter: string, now: number): number;
}

/** One check with its numbers at the moment of the decision. */
export type CheckState = {
  readonly check: Check;
  /** Units used before this call, as exact as `levelTold` says; below zero is burst credit. */
  readonly level: number;
  /** Whole units used before this call, rounded up, reserved ones included. Above the capacity = debt. */
  readonly used: number;
  /** Whole units of burst credit saved up beyond the capacity. */
  readonly credit: number;
  /** Whole units left before this call, credit included; never below 0. */
  readonly remaining: number;
  /** 0 = this call fits, NEVER = it can never fit, else the wait in ms until it does. */
  readonly waitMs: number;
  /** Milliseconds until none of it is used, if no other call comes. */
  readonly resetMs: number;
};

export type Verdict =
  | { readonly kind: "admit"; readonly planIndex: number; readonly states: readonly CheckState[] }
  | {
      readonly kind: "deny";
      /** Max over the failing checks of a plan, min over the plans; NEVER when no plan can ever fit. */
      readonly retryAfterMs: number;
      /** The plan that would fit first, and all of its checks. */
      readonly planIndex: number;
      readonly states: readonly CheckState[];
    };

/**
 * Decides over all plans at once: the first plan whose every enforced check fits is admitted whole.
 * Pure; reads through `view`, writes nothing.
 */
export function decide(plans: readonly Plan[], view: CounterView, now: number): Verdict {
  for (const [planIndex, { checks }] of plans.entries()) {
    const levels = levelsIfAllFit(checks, view, now);
    if (levels !== null) return { kind: "admit", planIndex, states: admittedStates(checks, levels, view, now) };
  }
  let best: { retryAfterMs: number; planIndex: number; states: readonly CheckState[] } | null = null;
  for (const [planIndex, { checks }] of plans.entries()) {
    const states = checks.map((check) => stateOf(check, view, now));
    const retryAfterMs = longestWait(states);
    if (best === null || isSooner(retryAfterMs, best.retryAfterMs)) best = { retryAfterMs, planIndex, states };
  }
  if (best === null) throw new Error("decide needs at least one plan");
  const { retryAfterMs, planIndex, states } = best;
  return { kind: "deny", retryAfterMs, planIndex, states };
}

/**
 * The level of every check, or null at the first enforced check that does not fit. Computes no waits and creates no
 * objects.
 */
function levelsIfAllFit(checks: readonly Check[], view: CounterView, now: number): number[] | null {
  const levels: number[] = [];
  for (const check of checks) {
    const { rule, cost } = check;
    if (rule.algorithm === "concurrency") {
      const level = view.leases(check.counter, now);
      if (level + cost > rule.capacity && !check.observe) return null;
      levels.push(level);
      continue;
    }
    const algorithm = SLOT_ALGORITHMS[rule.algorithm];
    const stored = view.slot(check.counter, now);
    const level = algorithm.level(rule, stored, now, keepsLevel(check));
    if (!algorithm.fits(rule, level, cost) && !check.observe) return null;
    levels.push(levelTold(rule, levelBefore(check, level, stored, now)));
  }
  return levels;
}

/**
 * The level before an admitted call, so that adding the cost gives the level after it. If a limit was lowered below its
 * bucket's level, this is more than the level that was checked: with the call, the bucket counts as just full again.
 */
function levelBefore(check: Check, level: number, stored: Slot | undefined, now: number): number {
  const { rule, cost } = check;
  const isBucket = rule.algorithm === "token_bucket" || rule.algorithm === "leaky_bucket";
  if (!isBucket || stored === undefined || keepsLevel(check) || stored.a <= rule.capacity + stored.b) return level;
  const { a, b } = slotAlgorithm(rule.algorithm).advance(rule, stored, now);
  return Math.max(level, Math.min(a, rule.capacity + b - cost));
}

/** An observe-only check may fail in an admission; its wait is reported too. */
function admittedStates(
  checks: readonly Check[],
  levels: readonly number[],
  view: CounterView,
  now: number,
): CheckState[] {
  return checks.map((check, index) =>
    check.observe || check.rule.algorithm === "sliding_window"
      ? stateOf(check, view, now)
      : stateFrom(check, { level: levels[index] ?? 0, wait: 0 }, now),
  );
}

/** The numbers of one check at `now`, for a decision and for every view that shows quota. */
export function stateOf(check: Check, view: CounterView, now: number): CheckState {
  const { rule } = check;
  if (rule.algorithm === "concurrency") {
    const level = view.leases(check.counter, now);
    return stateFrom(check, { level, wait: leaseWaitMs(check, level) }, now);
  }
  const algorithm = slotAlgorithm(rule.algorithm);
  const stored = view.slot(check.counter, now);
  const { cost } = check;
  const isObserved = keepsLevel(check);
  const level = levelTold(rule, algorithm.level(rule, stored, now, isObserved));
  const wait = waitMs({ algorithm, rule, stored, cost, now, isObserved });
  if (rule.algorithm !== "sliding_window") return stateFrom(check, { level, wait }, now);
  const rest = stored === undefined ? 0 : Math.max(0, algorithm.restMs(rule, stored, now));
  return stateFrom(check, { level, wait, rest }, now);
}

/** Whether a level above the capacity is kept: these checks never promise to stay below the capacity. */
function keepsLevel({ observe, isPart }: Check): boolean {
  return observe || isPart === true;
}

/** Wait of a concurrency check over `level` leases. */
export function leaseWaitMs(check: Check, level: number): number {
  const { capacity } = check.rule;
  if (level + check.cost <= capacity) return 0;
  return check.cost > capacity ? NEVER : CONCURRENCY_RETRY_MS;
}

/** Levels are reported to a millionth of a unit if the limit is small. Otherwise whole units are exact enough. */
export const LEVEL_PARTS = 1_000_000;
/** Limits of this size or more report whole units. Smaller parts would exceed the exact integers of a double. */
export const LEVEL_WHOLE_FROM = 1_000_000_000;
/** Upper bound of reported levels. Only extreme debt could exceed it. */
export const LEVEL_PARTS_MAX = 9_000_000_000_000_000;

/** A level as stores report it, rounded up. The derived reset is then at most a moment late. */
export function levelTold({ capacity }: Pick<Rule, "capacity">, level: number): number {
  return capacity < LEVEL_WHOLE_FROM
    ? Math.min(Math.ceil(level * LEVEL_PARTS), LEVEL_PARTS_MAX) / LEVEL_PARTS
    : Math.ceil(level);
}

/**
 * A check's state from its level (below zero = burst credit), its wait and, for a sliding window, the time until its last
 * call leaves it. A store has to answer no more than that. Every implementation of the store builds its states here.
 */
export function stateFrom(
  check: Check,
  { level, wait, rest }: { readonly level: number; readonly wait: number; readonly rest?: number },
  now: number,
): CheckState {
  const { rule } = check;
  const whole = Math.ceil(level);
  const used = Math.max(0, whole);
  const credit = Math.max(0, 0 - whole);
  // A leaky bucket admits nothing until it is empty.
  const isBlocked = rule.algorithm === "leaky_bucket" && whole > 0;
  const remaining = isBlocked ? 0 : Math.max(0, rule.capacity - whole);
  const resetMs = rest ?? resetOf(rule, level, wait, now);
  return { check, level, used, credit, remaining, waitMs: wait, resetMs };
}

/** Milliseconds until the level is 0, from the rule only. */
function resetOf(rule: Rule, level: number, wait: number, now: number): number {
  if (rule.algorithm === "concurrency") return Math.max(0, wait);
  // Every counter is forgotten after this time.
  return Math.min(SLOT_ALGORITHMS[rule.algorithm].emptyInMs(rule, level, now), KEPT_MAX_MS);
}

/** The checks that denied, in layer order. */
export function failing(states: readonly CheckState[]): readonly CheckState[] {
  return states.filter((state) => state.waitMs !== 0 && !state.check.observe);
}

/**
 * The check that denied: the first in layer order, or the first that can never fit if there is one, as no wait helps
 * it. When all fit, the one that this call brings nearest to its capacity. Null when no check is enforced.
 */
export function bindingOf(states: readonly CheckState[]): CheckState | null {
  const failed = failing(states);
  const first = failed.find((state) => state.waitMs === NEVER) ?? failed[0];
  if (first !== undefined) return first;
  let binding: CheckState | null = null;
  for (const state of states) {
    if (state.check.observe) continue;
    if (binding === null || tightness(state) > tightness(binding)) binding = state;
  }
  return binding;
}

/** The check that determines a refusal's wait: the longest wait, the outermost check on a tie. */
export function slowestOf(states: readonly CheckState[]): CheckState | null {
  return failing(states).reduce<CheckState | null>(
    (slowest, state) => (slowest === null || isSooner(slowest.waitMs, state.waitMs) ? state : slowest),
    null,
  );
}

/** The used share after this call. */
function tightness({ check, used }: CheckState): number {
  const { capacity } = check.rule;
  return capacity === 0 ? 1 : Math.min(1, (used + check.cost) / capacity);
}

function longestWait(states: readonly CheckState[]): number {
  let longest = 0;
  for (const state of states) {
    if (state.check.observe || state.waitMs === 0) continue;
    if (state.waitMs === NEVER) return NEVER;
    if (state.waitMs > longest) longest = state.waitMs;
  }
  return longest;
}

function isSooner(wait: number, than: number): boolean {
  if (wait === NEVER) return false;
  return than === NEVER || wait < than;
}

/**
 * The end of a running call is unknown, so a full concurrency limit reports this fixed wait. One second is the minimum
 * of Retry-After.
 */
const CONCURRENCY_RETRY_MS = 1000;
