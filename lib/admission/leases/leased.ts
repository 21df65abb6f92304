import { NOTHING_USED } from "@/lib/limits/cost";
import type { CheckState } from "@/lib/limits/decide";
import type { AppliedLimit, Check, Plan } from "@/lib/limits/plan";
import type { Amounts } from "@/lib/limits/rules/dimensions";
import { NEVER } from "@/lib/limits/slot";
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
import { isShared } from "../keys";
import type { MemoryAdmission } from "../memory/memory";
import { RENEW_MS } from "./law";
import type { Shares } from "./shares";

/** A growing share gets half of what nobody holds: a call may wait this often, until even the whole limit is there. */
const TRIES_MAX = 16;

/** What a call took of the shares: under which name, and for which of its plans. */
type Taken = { readonly id: string; readonly planIndex: number; readonly states: readonly CheckState[] };
type Settled = Awaited<ReturnType<Admission["settle"]>>;

/**
 * Limits that all tenants share, where no script can read them together with a tenant's own: on a cluster with tenants
 * apart. This process decides them within its leased shares, before the one round trip that decides the rest.
 * Invariant: a call is sent on only while it holds the shared part of each plan that may still be taken; parts of other
 * plans are given back. So shared limits are never exceeded, and may refuse a call that would just have fitted.
 */
export class LeasedAdmission implements Admission {
  readonly #inner: Admission;
  readonly #local: MemoryAdmission;
  readonly #shares: Shares;
  readonly #running = new Map<string, Taken>();
  #serial = 0;

  constructor(input: { inner: Admission; local: MemoryAdmission; shares: Shares }) {
    this.#inner = input.inner;
    this.#local = input.local;
    this.#shares = input.shares;
  }

  async admit(request: AdmitRequest): Promise<AdmitReply> {
    const shared = request.plans.flatMap(({ checks }) => checks.filter(isShared));
    // The store answers a repeated request: it holds what it held.
    if (shared.length === 0 || request.brake !== null || this.#running.has(request.requestId)) {
      return this.#admitKnown(request);
    }
    await this.#shares.ready(shared);
    for (const check of shared) this.#shares.asked(check, check.cost);
    let taken = await this.#take(request);
    for (let tries = 0; tries < TRIES_MAX && taken.fits.length === 0 && (await this.#shares.more(shared)); tries++)
      taken = await this.#take(request);
    const { fits, refused } = taken;
    if (fits.length === 0)
      return refused === null ? this.#inner.admit(withOwn(request)) : this.#refused(request, refused);
    const own = { ...request, plans: fits.map(({ planIndex }) => ownPart(request.plans[planIndex])) };
    try {
      const reply = await this.#inner.admit(own);
      const chosen = reply.kind === "admit" ? fits[reply.planIndex] : undefined;
      await this.#giveBack(fits.filter((one) => one !== chosen));
      if (chosen !== undefined) this.#running.set(request.requestId, chosen);
      return this.#whole(request, reply, fits);
    } catch (error) {
      await this.#giveBack(fits);
      throw error;
    }
  }

  async settle(request: SettleRequest): Promise<Settled> {
    const taken = this.#running.get(request.requestId);
    this.#running.delete(request.requestId);
    if (taken !== undefined) await this.#settleShared(taken, request.actual);
    return this.#inner.settle(request);
  }

  async heartbeat(request: Parameters<Admission["heartbeat"]>[0]): Promise<"held" | "gone"> {
    const taken = this.#running.get(request.requestId);
    if (taken !== undefined) await this.#local.heartbeat({ ...request, requestId: taken.id });
    return this.#inner.heartbeat(request);
  }

  async peek(limits: readonly AppliedLimit[]) {
    const own = limits.filter((limit) => !isShared(limit));
    const { now, states } = await this.#inner.peek(own);
    const [ownStates, looked] = [[...states], new Map<AppliedLimit, CheckState>()];
    await Promise.all(limits.filter(isShared).map(async (limit) => looked.set(limit, await this.#shares.look(limit))));
    return { now, states: limits.flatMap((limit) => looked.get(limit) ?? ownStates.shift() ?? []) };
  }

  publish(version: number, tenantIds: readonly string[], whenNew?: WhenNew): Promise<number> {
    return this.#inner.publish(version, tenantIds, whenNew);
  }

  /** A shared counter is only lifted, also with "set": units that others hold cannot be taken from them. */
  async raise(counts: readonly KnownCount[], how?: "set"): Promise<void> {
    const own = counts.filter(({ limit }) => !isShared(limit));
    if (own.length > 0) await this.#inner.raise(own, how);
    for (const { limit, used, usedBefore } of counts)
      if (isShared(limit)) await this.#shares.known(limit, used + usedBefore);
  }

  running(tenantId: string): Promise<readonly RunningCall[]> {
    return this.#inner.running(tenantId);
  }

  /** Nothing is known of a dead process's shares: they count as spent until their time has passed. */
  reap(request: { tenantIds: readonly string[]; leaseMs: number }): Promise<readonly Orphan[]> {
    return this.#inner.reap(request);
  }

  async #admitKnown(request: AdmitRequest): Promise<AdmitReply> {
    const taken = this.#running.get(request.requestId);
    const reply = await this.#inner.admit(withOwn(request));
    return this.#whole(
      request,
      reply,
      request.plans.map((_, planIndex) => ({ id: "", planIndex, states: taken?.states ?? [] })),
    );
  }

  /** Takes the shared part of every plan that fits, each under its own name. */
  async #take(request: AdmitRequest): Promise<{ fits: readonly Taken[]; refused: AdmitReply | null }> {
    const fits: Taken[] = [];
    let refused: AdmitReply | null = null;
    for (const [planIndex, plan] of request.plans.entries()) {
      this.#serial += 1;
      const id = `${request.requestId}~${this.#serial}`;
      const checks = plan.checks.filter(isShared).map((check) => this.#shares.part(check));
      // The store judges the version.
      const asked = { ...request, requestId: id, plans: [{ ...plan, checks }], policyVersion: NEWEST };
      const reply = await this.#local.admit(asked);
      if (reply.kind === "admit") fits.push({ id, planIndex, states: reply.states });
      else refused ??= reply;
    }
    return { fits, refused };
  }

  /** The refusal of a share, with the numbers of all checks. */
  async #refused(request: AdmitRequest, refused: AdmitReply): Promise<AdmitReply> {
    if (refused.kind !== "deny") return refused;
    const [plan] = request.plans;
    const checks = plan?.checks ?? [];
    const own = checks.filter((check) => !isShared(check));
    const { now, states } = await this.#inner.peek(own);
    const all = inOrder(checks, states.map(costed(own)), refused.states);
    // A cost that never fits the share may fit the whole limit, after the next renewal.
    const isNever = all.some(({ waitMs, check }) => waitMs === NEVER && check.cost > check.rule.capacity);
    const retryAfterMs = isNever ? NEVER : Math.max(RENEW_MS, ...all.map(({ waitMs }) => waitMs));
    const toldMs = isNever ? NEVER : Math.max(retryAfterMs, refused.toldMs);
    return { ...refused, now, planIndex: 0, retryAfterMs, toldMs, states: all };
  }

  #whole(request: AdmitRequest, reply: AdmitReply, offered: readonly Taken[]): AdmitReply {
    if (reply.kind !== "admit" && reply.kind !== "deny") return reply;
    const taken = offered[reply.planIndex];
    const planIndex = taken?.planIndex ?? reply.planIndex;
    const checks = request.plans[planIndex]?.checks ?? [];
    return { ...reply, planIndex, states: inOrder(checks, reply.states, taken?.states ?? []) };
  }

  async #giveBack(taken: readonly Taken[]): Promise<void> {
    for (const one of taken) await this.#settleShared(one, NOTHING_USED);
  }

  async #settleShared({ id }: Taken, actual: Amounts): Promise<void> {
    // The local counters know no tenants.
    await this.#local.settle({ tenantId: "", requestId: id, actual });
  }
}

const NEWEST = Number.MAX_SAFE_INTEGER;

function withOwn(request: AdmitRequest): AdmitRequest {
  return { ...request, plans: request.plans.map(ownPart) };
}

function ownPart(plan: Plan | undefined): Plan {
  return { candidate: plan?.candidate ?? "", checks: (plan?.checks ?? []).filter((check) => !isShared(check)) };
}

/** The states of all checks in their order; a share is shown as its whole limit. */
function inOrder(
  checks: readonly Check[],
  own: readonly CheckState[],
  shared: readonly CheckState[],
): readonly CheckState[] {
  const [owns, shares] = [[...own], [...shared]];
  return checks.flatMap((check) => {
    const state = isShared(check) ? shares.shift() : owns.shift();
    if (state === undefined) return [];
    if (!isShared(check)) return [state];
    const waitMs = state.waitMs === NEVER && check.cost <= check.rule.capacity ? RENEW_MS : state.waitMs;
    return [{ ...state, check, waitMs, used: Math.max(0, check.rule.capacity - state.remaining) }];
  });
}

function costed(checks: readonly Check[]) {
  return (state: CheckState, index: number): CheckState => ({ ...state, check: checks[index] ?? state.check });
}
