import {
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleType,
  isBrokenCircuitError,
} from "cockatiel";
import { LRUCache } from "lru-cache";
import type { Clock } from "@/lib/clock";
import { StoreUnavailable } from "@/lib/errors";
import { NOTHING_USED } from "@/lib/limits/cost";
import type { Amounts } from "@/lib/limits/dimensions";
import type { AppliedLimit, Plan } from "@/lib/limits/plan";
import type { Log } from "@/lib/log";
import type {
  Admission,
  AdmitReply,
  AdmitRequest,
  KnownCount,
  Orphan,
  RunningCall,
  SettleRequest,
  WhenNew,
} from "./admission";
import type { MemoryAdmission } from "./memory";
import { isBudget, observed, type Share, shareOf, stillOwed } from "./shares";

type Needs = {
  readonly shared: Admission;
  readonly local: MemoryAdmission;
  readonly clock: Clock;
  readonly log: Log;
  /** processes alive, this one included, as last known */
  readonly peers: () => number;
  /** the newest policy version of this process */
  readonly policyVersion: () => number;
  /** ms until a store that is away is asked again */
  readonly openMs?: number;
};

/** A call that this process admitted and has not settled. */
type Running = { readonly request: AdmitRequest; readonly planIndex: number; readonly admittedAt: number };
/** A call that the shared store has yet to learn of; `actual` once it has ended. */
type Behind = Running & { actual: Amounts | null };

/**
 * The shared store with a net under it: losing it never opens the gate and never closes it for more than it must. While
 * the store is away each limit holds as its failure mode says: `closed` refuses, `local` enforces this process's share,
 * `open` three times that. The local counters run along with every call, so the net is warm and always in use. What was
 * admitted without the store is told to it when it is back, once each, by request id, as far as it still counts.
 * Fail mode: StoreUnavailable only for calls under a `closed` limit.
 */
export class FallbackAdmission implements Admission {
  readonly #needs: Needs;
  readonly #breaker: CircuitBreakerPolicy;
  readonly #running = new Map<string, Running>();
  readonly #behind = new Map<string, Behind>();
  readonly #remaining = new LRUCache<string, number>({ max: REMAINING_MAX });
  #isCatchingUp = false;
  #awayAt = Number.NEGATIVE_INFINITY;

  constructor(needs: Needs) {
    this.#needs = needs;
    const breaker = new ConsecutiveBreaker(FAILURES_TO_OPEN);
    this.#breaker = circuitBreaker(handleType(StoreUnavailable), { halfOpenAfter: needs.openMs ?? OPEN_MS, breaker });
    this.#breaker.onBreak(() => needs.log.error("the store is away: limits are enforced by each process on its own"));
    this.#breaker.onReset(() => needs.log.warn("the store is back"));
  }

  /** Whether limits are enforced by this process alone at the moment. */
  get isAway(): boolean {
    return this.#breaker.state !== CircuitState.Closed;
  }

  async admit(request: AdmitRequest): Promise<AdmitReply> {
    let reply: AdmitReply;
    try {
      reply = await this.#ask(() => this.#needs.shared.admit(request));
    } catch (error) {
      if (!isAway(error)) throw error;
      return this.#admitAlone(request, error);
    }
    if (reply.kind === "admit") {
      this.#running.set(request.requestId, { request, planIndex: reply.planIndex, admittedAt: reply.now });
      for (const { check, remaining } of reply.states)
        if (isBudget(check)) this.#remaining.set(check.counter, remaining);
      await this.#countAlong(request, reply.planIndex);
    }
    return reply;
  }

  async settle(request: SettleRequest): Promise<"settled" | "repeat" | "unknown"> {
    const { requestId } = request;
    const running = this.#running.get(requestId);
    this.#running.delete(requestId);
    const alone = await this.#needs.local.settle(request);
    const behind = this.#behind.get(requestId);
    if (behind !== undefined) {
      behind.actual = request.actual;
      return alone;
    }
    try {
      return await this.#ask(() => this.#needs.shared.settle(request));
    } catch (error) {
      if (!isAway(error) || running === undefined) throw error;
      this.#owe(requestId, { ...running, actual: request.actual });
      return alone;
    }
  }

  async heartbeat(request: Parameters<Admission["heartbeat"]>[0]): Promise<"held" | "gone"> {
    const { requestId } = request;
    await this.#needs.local.heartbeat(request);
    if (this.#behind.has(requestId)) return "held";
    const running = this.#running.get(requestId);
    try {
      const reply = await this.#ask(() => this.#needs.shared.heartbeat(request));
      if (reply === "held" || running === undefined) return reply;
      // A store that was emptied takes the call in again. One in which somebody else has taken it over says so twice.
      if (!(await this.#tell(requestId, running))) return "gone";
      return await this.#ask(() => this.#needs.shared.heartbeat(request));
    } catch (error) {
      if (!isAway(error) || running === undefined) throw error;
      return "held";
    }
  }

  async peek(limits: readonly AppliedLimit[]) {
    try {
      return await this.#ask(() => this.#needs.shared.peek(limits));
    } catch (error) {
      if (!isAway(error)) throw error;
      return this.#needs.local.peek(limits.map((limit) => shareOf(limit, this.#share())));
    }
  }

  async running(tenantId: string): Promise<readonly RunningCall[]> {
    try {
      return await this.#ask(() => this.#needs.shared.running(tenantId));
    } catch (error) {
      if (!isAway(error)) throw error;
      return this.#needs.local.running(tenantId);
    }
  }

  async publish(version: number, tenantIds: readonly string[], whenNew?: WhenNew): Promise<void> {
    await this.#needs.local.publish(version, tenantIds);
    await this.#ask(() => this.#needs.shared.publish(version, tenantIds, whenNew));
  }

  async raise(counts: readonly KnownCount[], how?: "set"): Promise<void> {
    await this.#ask(() => this.#needs.shared.raise(counts, how));
  }

  /** After an outage everybody gets one lease of time to say that it lives, before anybody is taken for dead. */
  async reap(request: { tenantIds: readonly string[]; leaseMs: number }): Promise<readonly Orphan[]> {
    if (this.#needs.clock.now() < this.#awayAt + request.leaseMs) return [];
    return this.#ask(() => this.#needs.shared.reap(request));
  }

  /** One request to the shared store, unless it is known to be away. A good answer is the moment to catch up. */
  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      const answer = await this.#breaker.execute(work);
      if (this.#behind.size > 0 && !this.#isCatchingUp) void this.#catchUp();
      return answer;
    } catch (error) {
      if (isAway(error)) this.#awayAt = this.#needs.clock.now();
      throw error;
    }
  }

  /** The same call in the local counters: counted, never denied. */
  async #countAlong(request: AdmitRequest, planIndex: number): Promise<void> {
    const taken = request.plans[planIndex];
    if (taken === undefined) return;
    const share = this.#share();
    const checks = taken.checks.filter((check) => !isBudget(check)).map((check) => shareOf(check, share));
    await this.#needs.local.admit({ ...request, plans: [observed({ ...taken, checks })], brake: null });
  }

  async #admitAlone(request: AdmitRequest, cause: unknown): Promise<AdmitReply> {
    const { local, clock } = this.#needs;
    const share = this.#share();
    const offered = request.plans.flatMap((plan, index) =>
      isClosed(plan) ? [] : [{ index, plan: { ...plan, checks: plan.checks.map((check) => shareOf(check, share)) } }],
    );
    const { brake } = request;
    const isBraked = brake !== null && (brake.expiresAtMs === null || clock.now() < brake.expiresAtMs);
    if (offered.length === 0 && !isBraked) {
      throw cause instanceof StoreUnavailable ? cause : new StoreUnavailable("the store is away");
    }
    const reply = await local.admit({ ...request, plans: offered.map(({ plan }) => plan) });
    // The store may have admitted it without our hearing of it: what is not to run is given back.
    const ghost = { request, planIndex: 0, admittedAt: clock.now(), actual: NOTHING_USED };
    if (reply.kind !== "admit" && cause instanceof StoreUnavailable) this.#owe(request.requestId, ghost);
    if (reply.kind !== "admit" && reply.kind !== "deny") return reply;
    const planIndex = offered[reply.planIndex]?.index ?? 0;
    if (reply.kind === "admit") {
      const running = { request, planIndex, admittedAt: reply.now };
      this.#running.set(request.requestId, running);
      this.#owe(request.requestId, { ...running, actual: null });
    }
    return { ...reply, planIndex, isLocal: true };
  }

  #owe(requestId: string, behind: Behind): void {
    if (this.#behind.size >= BEHIND_MAX) {
      const [oldest] = this.#behind.keys();
      if (oldest !== undefined) this.#behind.delete(oldest);
    }
    this.#behind.set(requestId, behind);
  }

  /** Tells the store of every call that it missed; stops when it goes away again. */
  async #catchUp(): Promise<void> {
    this.#isCatchingUp = true;
    try {
      for (const [requestId, behind] of this.#behind) {
        const isThere = await this.#tell(requestId, behind);
        const { actual } = behind;
        if (isThere && actual !== null) {
          await this.#breaker.execute(() =>
            this.#needs.shared.settle({ tenantId: behind.request.tenantId, requestId, actual }),
          );
        }
        this.#behind.delete(requestId);
      }
    } catch (error) {
      if (!isAway(error)) this.#needs.log.error({ err: error }, "the store was not told of calls that it missed");
    } finally {
      this.#isCatchingUp = false;
    }
  }

  /** Enters a call that has already been admitted. By request id: a store that knows it enters nothing. */
  async #tell(requestId: string, { request, planIndex, admittedAt }: Running): Promise<boolean> {
    const taken = request.plans[planIndex];
    if (taken === undefined) return false;
    const checks = stillOwed(taken.checks, admittedAt, this.#needs.clock.now());
    // A caller of its own: strikes are for those who ask, not for what is entered afterwards.
    const afterwards = { plans: [observed({ ...taken, checks })], brake: null, caller: requestId };
    const policyVersion = Math.max(request.policyVersion, this.#needs.policyVersion());
    const reply = await this.#breaker.execute(() =>
      this.#needs.shared.admit({ ...request, ...afterwards, policyVersion }),
    );
    if (reply.kind === "stale") throw new StoreUnavailable("the store has a newer policy");
    return reply.kind === "admit";
  }

  #share(): Share {
    return { peers: Math.max(1, this.#needs.peers()), remaining: (counter) => this.#remaining.get(counter) };
  }
}

const FAILURES_TO_OPEN = 5;
const OPEN_MS = 1000;
const REMAINING_MAX = 50_000;
/** About 300 MB at the worst; beyond it the oldest are forgotten by the store, never by the ledger. */
const BEHIND_MAX = 100_000;

function isAway(error: unknown): boolean {
  return error instanceof StoreUnavailable || isBrokenCircuitError(error);
}

function isClosed(plan: Plan): boolean {
  return plan.checks.some((check) => check.failureMode === "closed" && !check.observe);
}
