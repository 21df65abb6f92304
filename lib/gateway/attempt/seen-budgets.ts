import { LRUCache } from "lru-cache";
import type { AdmitReply } from "@/lib/admission/admission";
import type { Clock } from "@/lib/clock";
import { appliedLimits } from "@/lib/policy/compile";
import type { Policy } from "@/lib/policy/policy";
import type { Model } from "@/lib/providers/catalog";
import type { CallSubject } from "../caller/subject";

const TENANTS_MAX = 50_000;
/** An unused window has no end yet, so it is read again after this time. */
const NEW_WINDOW_MS = 1000;

type Step = "degradeFrom" | "queueFrom";
type Spent = { readonly used: number; readonly untilMs: number };

/**
 * Used share of each budget, as last seen by this process in an admission. Ladders and queues use it to start before a
 * budget is used up. It never decides an admission: an outdated share only costs a cheaper answer or a wait.
 */
export class SeenBudgets {
  readonly #clock: Clock;
  /** Used share of the tightest budget of each tenant. */
  readonly #shares = new LRUCache<string, number>({ max: TENANTS_MAX });
  /** By money counter: its usage and the end of its window. */
  readonly #spent = new LRUCache<string, Spent>({ max: TENANTS_MAX });

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  note(tenantId: string, { states, now }: Extract<AdmitReply, { kind: "admit" }>): void {
    for (const { check, used, resetMs } of states) {
      if (check.dimension !== "cost_micro_usd") continue;
      this.#spent.set(check.counter, { used: used + check.cost, untilMs: now + Math.max(resetMs, NEW_WINDOW_MS) });
    }
    const shares = states.flatMap(({ check, used }) => {
      const isMoney = check.dimension === "cost_micro_usd" && check.rule.algorithm === "calendar_window";
      return isMoney && !check.observe ? [used / Math.max(1, check.rule.capacity)] : [];
    });
    if (shares.length > 0) this.#shares.set(tenantId, Math.max(...shares));
  }

  /** 0 = unused, or not seen yet. */
  usedShare(tenantId: string): number {
    return this.#shares.get(tenantId) ?? 0;
  }

  /** Budgets of a call that were last seen past one of their thresholds, in layer order. */
  pastStep(
    policy: Policy,
    { subject: { facts, priority }, model }: { readonly subject: CallSubject; readonly model: Model },
    step: Step,
  ): { readonly name: string; readonly counter: string }[] {
    const watched = watchedAt(policy, step);
    if (watched.limits.length === 0) return [];
    const now = this.#clock.now();
    const called = { model: model.slug, provider: model.provider.slug, priority };
    return appliedLimits(watched, facts, called, now).flatMap(({ counter, limitId }) => {
      const seen = this.#spent.get(counter);
      const limit = watched.limits.find((one) => one.limitId === limitId);
      const from = limit?.[step] ?? null;
      const isPast = seen !== undefined && from !== null && now < seen.untilMs && seen.used >= from;
      return isPast ? [{ name: limit?.name ?? "", counter }] : [];
    });
  }
}

/** A policy's thresholds of a kind: the same for all of its calls, and empty for most policies. */
function watchedAt(policy: Policy, step: Step): Policy {
  const known = WATCHED[step].get(policy);
  if (known !== undefined) return known;
  const watched = { ...policy, limits: policy.limits.filter((limit) => limit[step] !== null) };
  WATCHED[step].set(policy, watched);
  return watched;
}

const WATCHED: Readonly<Record<Step, WeakMap<Policy, Policy>>> = {
  degradeFrom: new WeakMap(),
  queueFrom: new WeakMap(),
};
