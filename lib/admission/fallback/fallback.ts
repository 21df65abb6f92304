import { isBrokenCircuitError } from "cockatiel";
import { LRUCache } from "lru-cache";
import type { Clock, Elapsed } from "@/lib/clock";
import { StoreUnavailable } from "@/lib/errors";
import { NOTHING_USED } from "@/lib/limits/cost";
import type { AppliedLimit } from "@/lib/limits/plan";
import type { Amounts } from "@/lib/limits/rules/dimensions";
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
} from "../admission";
import type { MemoryAdmission } from "../memory/memory";
import { countedAlong, isBudget, isClosed, isProvable, observed, type Share, shareOf, stillOwed } from "./shares";
import { StoreBreaker } from "./store-breaker";
import { type Running, TakenOver } from "./taken-over";

type Needs = {
  readonly shared: Admission;
  readonly local: MemoryAdmission;
  readonly clock: Clock;
  /** measures outages and leases, as the wall clock may be set meanwhile */
  readonly elapsed: Elapsed;
  readonly log: Log;
  /** living processes, this one included, as last known */
  readonly peers: () => number;
  /** the newest policy version of this process */
  readonly policyVersion: () => number;
  /** ms until a store that is away is asked again */
  readonly openMs?: number;
};

/** A call that the shared store does not know yet; `actual` once it has ended, and when that was, by `elapsed`. */
type Behind = Running & { actual: Amounts | null; endedAt: number };

/**
 * The shared store with a fallback: losing the store never opens the gate, and closes it no more than it must. While
 * the store is away, each limit follows its failure mode: `closed` refuses, `local` enforces this process's share,
 * `open` three times that. The local counters count every call, so the fallback is warm and always in use. Calls
 * admitted without the store are reported to it when it is back, once each, by request id, if they still count. Fail
 * mode: StoreUnavailable only for calls under a `closed` limit.
 */
export class FallbackAdmission implements Admission {
  readonly #needs: Needs;
  readonly #breaker: StoreBreaker;
  readonly #takenOver: TakenOver;
  readonly #running = new Map<string, Running>();
  readonly #behind = new Map<string, Behind>();
  readonly #remaining = new LRUCache<string, number>({ max: REMAINING_MAX });
  /** How often a call found the store emptied. */
  readonly #emptied = new LRUCache<string, number>({ max: EMPTIED_MAX });
  #isCatchingUp = false;
  #awayAt = Number.NEGATIVE_INFINITY;
  /** The store has lost what it must know and could not be refilled. */
  #isUnfilled = false;
  /** When the ledger's sums were last restored: they contain what had ended by then. */
  #filledAt = Number.NEGATIVE_INFINITY;

  constructor(needs: Needs) {
    this.#needs = needs;
    const { elapsed, openMs = OPEN_MS, log } = needs;
    this.#breaker = new StoreBreaker({ elapsed, openMs, log });
    this.#takenOver = new TakenOver({
      shared: needs.shared,
      clock: needs.clock,
      ask: (work) => this.#ask(work),
      tell: (requestId, running) => this.#tell(requestId, running),
      isRunning: (requestId) => this.#running.has(requestId),
    });
  }

  /** Whether this process alone enforces the limits now. */
  get isAway(): boolean {
    return !this.#breaker.isClosed || this.#isUnfilled;
  }

  /** Whether there are calls that the store does not know yet. */
  get isBehind(): boolean {
    return this.#behind.size > 0;
  }

  async admit(request: AdmitRequest): Promise<AdmitReply> {
    let reply: AdmitReply;
    try {
      reply = await this.#ask(() => this.#needs.shared.admit(request));
    } catch (error) {
      if (!isAway(error)) throw error;
      return this.#admitAlone(request, error);
    }
    if (reply.kind === "stale" && reply.isEmptied === true && this.#isGivenUp(request.requestId))
      return this.#admitAlone(request, null);
    if (reply.kind === "admit") {
      // An earlier try of the same call may still wait for its refund.
      this.#behind.delete(request.requestId);
      this.#emptied.delete(request.requestId);
      this.#running.set(request.requestId, { request, planIndex: reply.planIndex, admittedAt: reply.now });
      for (const { check, remaining } of reply.states)
        if (isBudget(check)) this.#remaining.set(check.counter, remaining);
      this.#countAlong(request, reply.planIndex);
    }
    return reply;
  }

  /** Whether this call no longer waits for the emptied store to be filled. Its caller fills it and asks again. */
  #isGivenUp(requestId: string): boolean {
    const times = (this.#emptied.get(requestId) ?? 0) + 1;
    this.#emptied.set(requestId, times);
    return this.#isUnfilled || times >= EMPTIED_TIMES;
  }

  async settle(request: SettleRequest): Promise<"settled" | "repeat" | "unknown"> {
    const { requestId } = request;
    const running = this.#running.get(requestId);
    this.#running.delete(requestId);
    const alone = await this.#needs.local.settle(request);
    const behind = this.#behind.get(requestId);
    if (behind !== undefined) {
      behind.actual = request.actual;
      behind.endedAt = this.#needs.elapsed();
      return alone;
    }
    try {
      const reply = await this.#ask(() => this.#needs.shared.settle(request));
      if (this.#takenOver.size > 0) await this.#takenOver.free(requestId);
      if (reply === "repeat" && running !== undefined) await this.#takenOver.chargeBeyond(request, running);
      return reply;
    } catch (error) {
      if (!isAway(error) || running === undefined) throw error;
      this.#owe(requestId, { ...running, actual: request.actual, endedAt: this.#needs.elapsed() });
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
      // An emptied store takes the call in again. If another process has taken it over, the store says so twice.
      if (!(await this.#tell(requestId, running))) {
        await this.#takenOver.beat(request, running);
        return "gone";
      }
      return await this.#ask(() => this.#needs.shared.heartbeat(request));
    } catch (error) {
      if (!isAway(error) || running === undefined) throw error;
      return "held";
    }
  }

  /**
   * Looks and repairs bypass the breaker: a slow or failed one says nothing about admissions. While the store is away,
   * the numbers are those in force: this process's share.
   */
  async peek(limits: readonly AppliedLimit[]) {
    return this.isAway
      ? this.#needs.local.peek(limits.map((limit) => shareOf(limit, this.#share())))
      : this.#needs.shared.peek(limits);
  }

  async running(tenantId: string): Promise<readonly RunningCall[]> {
    return (this.isAway ? this.#needs.local : this.#needs.shared).running(tenantId);
  }

  async raise(counts: readonly KnownCount[], how?: "set"): Promise<void> {
    return this.#needs.shared.raise(counts, how);
  }

  async publish(version: number, tenantIds: readonly string[], whenNew?: WhenNew): Promise<number> {
    const newestHere = await this.#needs.local.publish(version, tenantIds);
    const emptied = new Set<string>();
    const filled: string[] = [];
    const filling = whenNew && this.#filling(whenNew, { emptied, filled });
    const newestThere = await this.#ask(() => this.#needs.shared.publish(version, tenantIds, filling)).catch(
      (error) => {
        // The store is there, but must be filled before it is used. One that is away may have lost nothing. One that was
        // emptied is not whole yet, also if it was emptied again meanwhile or gave no answer to a part of the fill.
        if (!isAway(error) || emptied.size > 0) this.#isUnfilled = true;
        throw error;
      },
    );
    this.#isUnfilled = false;
    if (filled.length > 0) await this.#tellRunning(new Set(filled));
    return Math.max(newestHere, newestThere);
  }

  /** `emptied`: tenants that the store does not know. `filled`: those that were restored. */
  #filling(whenNew: WhenNew, { emptied, filled }: { emptied: Set<string>; filled: string[] }): WhenNew {
    return async (tenantIds) => {
      for (const id of tenantIds) emptied.add(id);
      const began = this.#needs.elapsed();
      const newest = await whenNew(tenantIds);
      this.#filledAt = began;
      filled.push(...tenantIds);
      return newest;
    };
  }

  /** Running calls are in no ledger: each process enters its own now, earlier than with their next heartbeats. */
  async #tellRunning(tenantIds: ReadonlySet<string>): Promise<void> {
    for (const [requestId, running] of [...this.#running]) {
      // A call that ends meanwhile is settled already, or will be.
      if (!tenantIds.has(running.request.tenantId) || this.#running.get(requestId) !== running) continue;
      if (!this.#behind.has(requestId)) await this.#tell(requestId, running);
    }
  }

  /**
   * After an outage each process has one lease to report its calls before any call counts as dead. A process with
   * pending reports sends them first: otherwise an idle one would settle its own calls at less than they used.
   */
  async reap(request: { tenantIds: readonly string[]; leaseMs: number }): Promise<readonly Orphan[]> {
    if (this.#behind.size > 0 && !this.#isCatchingUp) await this.#catchUp();
    if (this.#behind.size > 0 || this.#needs.elapsed() < this.#awayAt + request.leaseMs) return [];
    return this.#ask(() => this.#needs.shared.reap(request));
  }

  /** One request to the shared store, unless it is known to be away. A good answer starts the catching up. */
  async #ask<T>(work: () => Promise<T>): Promise<T> {
    try {
      const answer = await this.#breaker.ask(work);
      if (this.#behind.size > 0 && !this.#isCatchingUp) void this.#catchUp();
      return answer;
    } catch (error) {
      if (isAway(error)) this.#awayAt = this.#needs.elapsed();
      throw error;
    }
  }

  /** Counts the same call in the local counters, without denying it. */
  #countAlong(request: AdmitRequest, planIndex: number): void {
    const taken = request.plans[planIndex];
    if (taken === undefined) return;
    this.#needs.local.count(request, countedAlong(taken.checks, this.#share()), planIndex);
  }

  async #admitAlone(request: AdmitRequest, cause: unknown): Promise<AdmitReply> {
    const { local, clock, elapsed } = this.#needs;
    const share = this.#share();
    const offered = request.plans.flatMap((plan, index) =>
      isClosed(plan) ? [] : [{ index, plan: { ...plan, checks: plan.checks.map((check) => shareOf(check, share)) } }],
    );
    const { brake } = request;
    const isBraked = brake !== null && (brake.expiresAtMs === null || clock.now() < brake.expiresAtMs);
    // The store may have admitted it and the answer was lost: give back what will not run.
    const ghost = { request, planIndex: 0, admittedAt: clock.now(), actual: NOTHING_USED, endedAt: elapsed() };
    const giveBack = () => cause instanceof StoreUnavailable && this.#owe(request.requestId, ghost);
    if (offered.length === 0 && !isBraked) {
      giveBack();
      throw cause instanceof StoreUnavailable ? cause : new StoreUnavailable("the store is unavailable");
    }
    const reply = await local.admit({ ...request, plans: offered.map(({ plan }) => plan) });
    if (reply.kind !== "admit") giveBack();
    if (reply.kind !== "admit" && reply.kind !== "deny") return reply;
    const planIndex = offered[reply.planIndex]?.index ?? 0;
    if (reply.kind === "admit") {
      const running = { request, planIndex, admittedAt: reply.now };
      this.#running.set(request.requestId, running);
      this.#owe(request.requestId, { ...running, actual: null, endedAt: Number.POSITIVE_INFINITY });
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

  /** Reports every missed call to the store. Stops when the store is away again. Skips a call that fails. */
  async #catchUp(): Promise<void> {
    this.#isCatchingUp = true;
    try {
      for (const [requestId, behind] of this.#behind) {
        await this.#tellEnd(requestId, behind).catch((error: unknown) => {
          if (isAway(error)) throw error;
          this.#needs.log.error({ err: error, requestId }, "could not report a call to the store after an outage");
        });
        if (this.#behind.get(requestId) === behind) this.#behind.delete(requestId);
      }
    } catch (error) {
      if (!isAway(error)) throw error;
    } finally {
      this.#isCatchingUp = false;
    }
  }

  async #tellEnd(requestId: string, behind: Behind): Promise<void> {
    const isThere = await this.#tell(requestId, behind, behind.endedAt < this.#filledAt);
    const { actual, request } = behind;
    if (!isThere) return;
    // The store knows it now: its later end is reported like any other.
    if (actual === null) return void this.#behind.delete(requestId);
    await this.#breaker.ask(() => this.#needs.shared.settle({ tenantId: request.tenantId, requestId, actual }));
  }

  /**
   * Enters a call that has already been admitted. By request id: a store that knows it enters nothing. A store filled
   * from the ledger has the booked calls already, where the ledger can prove them.
   */
  async #tell(requestId: string, { request, planIndex, admittedAt }: Running, isBooked = false): Promise<boolean> {
    const taken = request.plans[planIndex];
    if (taken === undefined) return false;
    const owed = stillOwed(taken.checks, admittedAt, this.#needs.clock.now());
    const checks = isBooked ? owed.filter((check) => !isProvable(check)) : owed;
    // A caller name of its own: strikes are for callers that ask, not for calls that are entered afterwards.
    const afterwards = { plans: [observed({ ...taken, checks })], brake: null, caller: requestId };
    const policyVersion = Math.max(request.policyVersion, this.#needs.policyVersion());
    const reply = await this.#breaker.ask(() => this.#needs.shared.admit({ ...request, ...afterwards, policyVersion }));
    if (reply.kind === "stale") throw new StoreUnavailable("the store has a newer policy");
    return reply.kind === "admit";
  }

  #share(): Share {
    return { peers: Math.max(1, this.#needs.peers()), remaining: (counter) => this.#remaining.get(counter) };
  }
}

const OPEN_MS = 1000;
const REMAINING_MAX = 50_000;
/** A call that found the store emptied so often is decided here. One more time and its caller would refuse it. */
const EMPTIED_TIMES = 3;
const EMPTIED_MAX = 10_000;
/** About 300 MB at the worst. Beyond it the store forgets the oldest calls; the ledger never does. */
const BEHIND_MAX = 100_000;

function isAway(error: unknown): boolean {
  return error instanceof StoreUnavailable || isBrokenCircuitError(error);
}
