import { LRUCache } from "lru-cache";
import type { Elapsed } from "@/lib/clock";
import { failing } from "@/lib/limits/decide";
import type { Check } from "@/lib/limits/plan";
import { NEVER } from "@/lib/limits/slot";
import type { Admission, AdmitReply, AdmitRequest } from "./admission";
import { SecondCount } from "./second-count";

type Denied = Extract<AdmitReply, { kind: "deny" }>;

/** What tells whether another call is like the refused one. */
type Refused = Pick<AdmitRequest, "plans" | "caller" | "policyVersion">;

/** A refusal of the store, and when it came, by `elapsed`. */
type Known = { readonly refused: Refused; readonly denied: Denied; readonly at: number };

/** The refusals by one counter: how many, when the store was asked, and the store's newest, whole and trimmed. */
type Storm = { readonly refused: SecondCount; asking: number; last: Known | null; probe: Known | null };

/** Times in ms. */
export const STORM_RULES = {
  /**
   * More refusals by one counter in one second, in one process, are a storm. Fewer are checked each time, so an edit made
   * in another process is in force for the next call; in a storm it is when its news arrives.
   */
  perSecond: 200,
  /** A refusal of the store answers the storm's next calls for so long. */
  keptMs: 1000,
  /** While the store is asked again, the former refusal answers for so long. */
  askedAgainMs: 500,
  tenantsMax: 1000,
  /** of one tenant; above it, all are forgotten */
  countersMax: 200,
} as const;

/**
 * Refuses most calls of a storm without asking the store: a script that ignores `retry-after` would cost the store, and
 * with it all other tenants, a request each time. The store is asked about once a second, and its refusal answers the
 * like calls until then. Like means: no plan is smaller than the refused one in what had no room, or larger in what had.
 * So a smaller call is still checked, and an announced wait stays true. An admission, another policy or a brake ends it at once.
 * What another process's settlement gives back counts up to a second later. Not remembered: limits of concurrent calls and providers'
 * limits, which have room again at any moment, and waits under a second. Fail mode: as `inner`.
 */
export class StormRefusals implements Admission {
  readonly #inner: Admission;
  readonly #elapsed: Elapsed;
  readonly #perSecond: number;
  /** by tenant and counter */
  readonly #storms = new LRUCache<string, Map<string, Storm>>({ max: STORM_RULES.tenantsMax });

  constructor(inner: Admission, elapsed: Elapsed, perSecond: number = STORM_RULES.perSecond) {
    this.#perSecond = perSecond;
    this.#inner = inner;
    this.#elapsed = elapsed;
  }

  async admit(request: AdmitRequest): Promise<AdmitReply> {
    const storm = request.brake === null ? this.#stormOf(request) : undefined;
    if (storm === undefined) return this.#ask(request);
    const known = this.#answerOf(storm, request);
    if (known !== null) {
      if (request.isProbe !== true) storm.refused.add(this.#elapsed());
      return known;
    }
    storm.asking = this.#elapsed();
    return this.#ask(request).finally(() => {
      storm.asking = Number.NEGATIVE_INFINITY;
    });
  }

  /** The storm that one of the call's counters is in. */
  #stormOf({ tenantId, plans: [plan] }: AdmitRequest): Storm | undefined {
    const storms = this.#storms.get(tenantId);
    if (storms === undefined || plan === undefined) return undefined;
    for (const { counter } of plan.checks) {
      const storm = storms.get(counter);
      if (storm !== undefined) return storm;
    }
    return undefined;
  }

  #answerOf(storm: Storm, request: AdmitRequest): Denied | null {
    const now = this.#elapsed();
    if (storm.refused.most(now) < this.#perSecond) return null;
    const known = request.isProbe === true ? storm.probe : storm.last;
    if (known === null || !isLike(request, known)) return null;
    const age = now - known.at;
    const { retryAfterMs } = known.denied;
    if (retryAfterMs !== NEVER && age >= retryAfterMs) return null;
    const isBeingAsked = now - storm.asking < STORM_RULES.askedAgainMs;
    if (age >= STORM_RULES.keptMs + (isBeingAsked ? STORM_RULES.askedAgainMs : 0)) return null;
    return later(known, request, age);
  }

  async #ask(request: AdmitRequest): Promise<AdmitReply> {
    const reply = await this.#inner.admit(request);
    if (reply.kind === "deny") this.#remember(request, reply);
    else if (reply.kind === "admit") this.#forget(request);
    return reply;
  }

  #remember(request: AdmitRequest, denied: Denied): void {
    const failed = failing(denied.states);
    const [first] = failed;
    if (first === undefined || denied.isLocal === true || !failed.every(({ check }) => isLasting(check))) return;
    if (denied.retryAfterMs !== NEVER && denied.retryAfterMs < STORM_RULES.keptMs) return;
    const storms = this.#storms.get(request.tenantId) ?? new Map<string, Storm>();
    if (storms.size > STORM_RULES.countersMax) storms.clear();
    const storm = storms.get(first.check.counter) ?? newStorm();
    const { plans, caller, policyVersion } = request;
    const known = { refused: { plans, caller, policyVersion }, denied, at: this.#elapsed() };
    if (request.isProbe === true) storm.probe = known;
    else {
      storm.last = known;
      storm.refused.add(known.at);
    }
    storms.set(first.check.counter, storm);
    this.#storms.set(request.tenantId, storms);
  }

  /** The call's counters have room again. */
  #forget({ tenantId, plans }: AdmitRequest): void {
    const storms = this.#storms.get(tenantId);
    if (storms === undefined) return;
    for (const { checks } of plans) for (const { counter } of checks) storms.delete(counter);
  }

  /** It may give back what had no room. The storm goes on, but its next call is checked. */
  settle: Admission["settle"] = async (request) => {
    const reply = await this.#inner.settle(request);
    for (const storm of this.#storms.get(request.tenantId)?.values() ?? []) {
      storm.last = null;
      storm.probe = null;
    }
    return reply;
  };
  heartbeat: Admission["heartbeat"] = (request) => this.#inner.heartbeat(request);
  peek: Admission["peek"] = (limits) => this.#inner.peek(limits);
  publish: Admission["publish"] = (version, tenantIds, whenNew) => this.#inner.publish(version, tenantIds, whenNew);
  running: Admission["running"] = (tenantId) => this.#inner.running(tenantId);
  reap: Admission["reap"] = (request) => this.#inner.reap(request);

  /** Counters are moved by people, so nothing that was known of them holds. */
  raise: Admission["raise"] = (counts, how) => {
    this.#storms.clear();
    return this.#inner.raise(counts, how);
  };
}

function newStorm(): Storm {
  return { refused: new SecondCount(), asking: Number.NEGATIVE_INFINITY, last: null, probe: null };
}

/** Whether only time makes room again. */
function isLasting({ rule, isPart }: Check): boolean {
  return rule.algorithm !== "concurrency" && isPart !== true;
}

/**
 * Whether the store would refuse this call too, with the same wait. In the plan that would fit first, what had no room asks
 * for the same, and what had room for no more; the other plans ask for no less.
 */
function isLike(request: AdmitRequest, { refused, denied }: Known): boolean {
  if (request.policyVersion !== refused.policyVersion || request.plans.length !== refused.plans.length) return false;
  return request.plans.every((plan, index) => {
    const other = refused.plans[index];
    if (other === undefined || plan.checks.length !== other.checks.length) return false;
    if (!plan.checks.every((check, at) => isSameCheck(check, other.checks[at]))) return false;
    if (index !== denied.planIndex) return plan.checks.every(({ cost }, at) => cost >= (other.checks[at]?.cost ?? 0));
    return denied.states.every(({ check, waitMs }, at) => {
      const { cost = 0 } = plan.checks[at] ?? {};
      return waitMs === 0 ? cost <= check.cost : cost === check.cost;
    });
  });
}

/** An override that ends by itself changes a limit without another policy version. */
function isSameCheck({ counter, rule }: Check, other: Check | undefined): boolean {
  if (other === undefined || counter !== other.counter) return false;
  const { capacity, refill, periodMs, credit } = other.rule;
  return rule.capacity === capacity && rule.refill === refill && rule.periodMs === periodMs && rule.credit === credit;
}

/** The same refusal `age` ms later. Another caller has no strikes of its own: it gets the true wait. */
function later({ refused, denied }: Known, request: AdmitRequest, age: number): Denied {
  const { now, planIndex, retryAfterMs, toldMs, states } = denied;
  const told = request.caller === refused.caller ? toldMs : retryAfterMs;
  const { checks = [] } = request.plans[planIndex] ?? {};
  return {
    kind: "deny",
    now: now + age,
    planIndex,
    retryAfterMs: less(retryAfterMs, age),
    toldMs: less(told, age),
    states: states.map(({ check, level, used, credit, remaining, waitMs, resetMs }, at) => ({
      check: checks[at] ?? check,
      level,
      used,
      credit,
      remaining,
      waitMs: waitMs === 0 ? 0 : less(waitMs, age),
      resetMs: Math.max(0, resetMs - age),
    })),
  };
}

/** A wait of which `age` ms have passed; never 0, which would mean that the call fits. */
function less(waitMs: number, age: number): number {
  return waitMs === NEVER ? NEVER : Math.max(1, waitMs - age);
}
