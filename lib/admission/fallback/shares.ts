import type { AppliedLimit, Check, Plan } from "@/lib/limits/plan";
import type { Rule } from "@/lib/limits/rules/rule";

/** What this process may rely on while the shared store is away. */
export type Share = {
  /** processes that divide a limit among them; at least 1 */
  readonly peers: number;
  /** units left of a budget at the store's last answer; undefined = there was none */
  remaining(counter: string): number | undefined;
};

/** `open` limits admit this many times their share, never everything. */
const OPEN_TIMES = 3;
/** This share of a budget may be spent unseen by the others, in each of its windows. */
const BUDGET_SHARE = 0.02;

/** Budgets: amounts per calendar window. They cannot be divided, as one process may have had all of today's traffic. */
export function isBudget({ rule, dimension }: Pick<AppliedLimit, "rule" | "dimension">): boolean {
  return rule.algorithm === "calendar_window" && dimension !== "requests";
}

/**
 * Whether the ledger alone proves what is used of a limit: a window's count is the sum of the calls that began in it. A
 * bucket's leak depends on when each amount came and went, and running calls are in no ledger.
 */
export function isProvable({ rule }: Pick<AppliedLimit, "rule">): boolean {
  return (
    rule.algorithm === "calendar_window" || rule.algorithm === "fixed_window" || rule.algorithm === "sliding_window"
  );
}

/**
 * A limit as one of several processes enforces it alone: capacity and refill divided by their number, so that all of
 * them together admit no more than the limit. A budget becomes an allowance with a counter of its own.
 */
export function shareOf<Limit extends AppliedLimit>(limit: Limit, share: Share): Limit {
  if (!isBudget(limit)) return { ...limit, rule: ruleOfShare(limit, share) };
  const times = limit.failureMode === "open" ? OPEN_TIMES : 1;
  const left = Math.floor((share.remaining(limit.counter) ?? limit.rule.capacity) / share.peers);
  const allowance = Math.floor((limit.rule.capacity * BUDGET_SHARE * times) / share.peers);
  const rule: Rule = { ...limit.rule, capacity: Math.min(left, allowance) };
  return { ...limit, rule, counter: `${limit.counter}${AWAY}` };
}

/** The checks that the local counters keep of a call that the store has admitted: shares that cannot deny, no budgets. */
export function countedAlong(checks: readonly Check[], share: Share): Check[] {
  const counted: Check[] = [];
  for (const check of checks) {
    if (isBudget(check)) continue;
    const { limitId, layer, dimension, subject, slotId, counter, cost } = check;
    const rule = ruleOfShare(check, share);
    counted.push({ limitId, layer, dimension, subject, slotId, counter, rule, cost, observe: true });
  }
  return counted;
}

/** A rule divided among processes: equal for all calls under it, so it is computed once per number of processes. */
function ruleOfShare({ rule, failureMode }: AppliedLimit, { peers }: Share): Rule {
  const times = failureMode === "open" ? OPEN_TIMES : 1;
  const known = DIVIDED.get(rule);
  if (known !== undefined && known.peers === peers && known.times === times) return known.rule;
  // A share is at least one unit, unless the limit itself is 0: then it admits nothing on every process.
  const part = (units: number) => (units === 0 ? 0 : Math.max(1, Math.floor((units * times) / peers)));
  const credit = Math.floor(rule.credit / peers);
  const divided = { ...rule, capacity: part(rule.capacity), refill: part(rule.refill), credit };
  DIVIDED.set(rule, { peers, times, rule: divided });
  return divided;
}

const DIVIDED = new WeakMap<Rule, { readonly peers: number; readonly times: number; readonly rule: Rule }>();

const AWAY = "~away";

/** The plan of a call that has already happened: counted, never denied. */
export function observed(plan: Plan): Plan {
  return { ...plan, checks: plan.checks.map((check) => ({ ...check, observe: true })) };
}

/** The checks of a call admitted at `admittedAt` that still count at `now`: units that flowed back since are not owed. */
export function stillOwed(checks: readonly Check[], admittedAt: number, now: number): Check[] {
  return checks.filter(({ rule }) => {
    if (rule.bounds !== null) return admittedAt >= rule.bounds.startMs && now < rule.bounds.endMs;
    if (rule.algorithm === "concurrency") return true;
    const drainMs = Math.ceil((Math.max(1, rule.capacity) * rule.periodMs) / Math.max(1, rule.refill));
    return now - admittedAt < drainMs;
  });
}

/** Whether a limit of the plan refuses every call while the store is away. */
export function isClosed(plan: Plan): boolean {
  return plan.checks.some((check) => check.failureMode === "closed" && !check.observe);
}
