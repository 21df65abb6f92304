import type { Clock } from "@/lib/clock";
import { slotAlgorithm } from "@/lib/limits/algorithms/registry";
import { type Hold, raised, reserve, settleHold } from "@/lib/limits/charge";
import { type CheckState, type CounterView, decide, stateOf } from "@/lib/limits/decide";
import { keptMs } from "@/lib/limits/kept";
import type { AppliedLimit, Check } from "@/lib/limits/plan";
import { NEVER, type Slot } from "@/lib/limits/slot";
import { isForgiven, type Strikes, strike } from "@/lib/limits/strikes";
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
import { FinishedIds } from "../finished-ids";
import { DUMP_VERSION, type MemoryDump } from "./memory-dump";

/**
 * The in-process implementation of the store: for one process, and the executable specification of the shared one. Each
 * method runs to its end without awaiting, which makes it atomic. Bounded: admissions sweep idle counters and finished
 * reservations.
 */
export class MemoryAdmission implements Admission {
  #counters = new Map<string, Counter>();
  #leases = new Map<string, Map<string, number>>();
  #reservations = new Map<string, Reservation>();
  #strikes = new Map<string, Strikes>();
  readonly #finished: FinishedIds;
  #version = 0;
  /** counters made since the last sweep */
  #made = 0;
  #sweepCursor: Iterator<[string, Counter]> = this.#counters.entries();
  readonly #clock: Clock;
  readonly #view: CounterView = {
    slot: (counter, now) => this.#slot(counter, now),
    leases: (counter, now) => this.#liveLeases(counter, now),
  };

  readonly #sweeps: boolean;

  /** `sweeps: false` keeps idle counters for good, for tests that compare every counter with another store's. */
  constructor(clock: Clock, options: { sweeps: boolean } = { sweeps: true }) {
    this.#clock = clock;
    this.#sweeps = options.sweeps;
    this.#finished = new FinishedIds(options.sweeps ? TOMBSTONE_MS : Number.POSITIVE_INFINITY);
  }

  async admit(request: AdmitRequest): Promise<AdmitReply> {
    const now = this.#clock.now();
    if (this.#sweeps) this.#sweep(now);
    const known = this.#reservations.get(request.requestId);
    if (known !== undefined) return known.reply ?? this.#replyTo(known);
    if (request.policyVersion < this.#version) return { kind: "stale" };
    this.#version = request.policyVersion;
    const { brake } = request;
    if (brake !== null && (brake.expiresAtMs === null || now < brake.expiresAtMs)) {
      return { kind: "braked", now, brakeId: brake.id };
    }
    if (this.#finished.has(request.requestId, now)) return { kind: "finished", now };
    const verdict = decide(request.plans, this.#view, now);
    if (verdict.kind === "deny") {
      const { planIndex, states, retryAfterMs } = verdict;
      const toldMs = request.isProbe === true ? retryAfterMs : this.#strike(request, retryAfterMs, now);
      return { kind: "deny", planIndex, states, now, retryAfterMs, toldMs };
    }
    const { planIndex, states } = verdict;
    const taken = request.plans[planIndex];
    if (taken === undefined) throw new Error("the verdict names a plan that was not offered");
    const reply: AdmitReply = { kind: "admit", now, planIndex, states };
    this.#reserve(request, { checks: taken.checks, planIndex, reply, now });
    return reply;
  }

  /** Counts a call that was admitted elsewhere, by these checks, whatever is left. Nobody waits for its numbers. */
  count(request: AdmitRequest, checks: readonly Check[], planIndex: number): void {
    const now = this.#clock.now();
    if (this.#sweeps) this.#sweep(now);
    const { requestId, policyVersion } = request;
    if (this.#reservations.has(requestId) || policyVersion < this.#version) return;
    this.#version = policyVersion;
    if (!this.#finished.has(requestId, now)) this.#reserve(request, { checks, planIndex, reply: null, now });
  }

  #reserve(
    request: AdmitRequest,
    { checks, planIndex, reply, now }: Pick<Reservation, "checks" | "planIndex" | "reply"> & { readonly now: number },
  ): void {
    const { caller, requestId, tenantId, intent, leaseMs, policyVersion, policyUntilMs = null } = request;
    if (isForgiven(this.#strikes.get(caller), now)) this.#strikes.delete(caller);
    const { holds, leases } = this.#take(checks, request, now);
    const deadline = now + leaseMs;
    this.#reservations.set(requestId, {
      holds,
      leases,
      checks,
      tenantId,
      intent,
      planIndex,
      reply,
      state: "open",
      note: "",
      deadline,
      policyVersion,
      policyUntilMs,
    });
  }

  /** The answer for a call that was only counted, in case it asks here after all. */
  #replyTo({ checks, planIndex }: Reservation): AdmitReply {
    const now = this.#clock.now();
    return { kind: "admit", now, planIndex, states: checks.map((check) => stateOf(check, this.#view, now)) };
  }

  async settle(request: SettleRequest): Promise<"settled" | "repeat" | "unknown"> {
    const now = this.#clock.now();
    const reservation = this.#reservations.get(request.requestId);
    if (reservation === undefined) return this.#finished.has(request.requestId, now) ? "repeat" : "unknown";
    const { policyVersion, policyUntilMs } = reservation;
    const isChanged = policyVersion !== this.#version || (policyUntilMs !== null && now >= policyUntilMs);
    for (const hold of reservation.holds) {
      const stored = this.#slot(hold.counter, now);
      const slot = settleHold(hold, request.actual, stored, now, isChanged);
      // A changed limit may need its counter for longer than the call's own.
      const least = isChanged ? (this.#counters.get(hold.counter)?.idleAt ?? 0) : 0;
      if (slot !== null) this.#put(hold.counter, slot, hold.rule, now, least);
    }
    this.#release(request.requestId, reservation);
    this.#reservations.delete(request.requestId);
    this.#finished.add(request.requestId, now);
    return "settled";
  }

  async heartbeat(request: { requestId: string; leaseMs: number; note: string }): Promise<"held" | "gone"> {
    const reservation = this.#reservations.get(request.requestId);
    if (reservation?.state !== "open") return "gone";
    reservation.deadline = this.#clock.now() + request.leaseMs;
    reservation.note = request.note;
    for (const key of reservation.leases) this.#leases.get(key)?.set(request.requestId, reservation.deadline);
    return "held";
  }

  async peek(limits: readonly AppliedLimit[]) {
    return { now: this.#clock.now(), states: this.look(limits) };
  }

  /** The same, synchronously. */
  look(limits: readonly AppliedLimit[]): readonly CheckState[] {
    const now = this.#clock.now();
    return limits.map((limit) => stateOf({ ...limit, cost: 1 }, this.#view, now));
  }

  /** Takes down what has drained by this rule until now. Another rule may apply from here on. */
  drain({ counter, rule }: Pick<AppliedLimit, "counter" | "rule">): void {
    const now = this.#clock.now();
    const stored = this.#slot(counter, now);
    if (stored === undefined || rule.algorithm === "concurrency") return;
    this.#put(counter, slotAlgorithm(rule.algorithm).advance(rule, stored, now), rule, now);
  }

  async publish(version: number, tenantIds: readonly string[] = [], whenNew?: WhenNew): Promise<number> {
    const newest = this.#version === 0 ? await whenNew?.(tenantIds) : undefined;
    this.#version = Math.max(this.#version, version, newest ?? 0);
    return this.#version;
  }

  async raise(counts: readonly KnownCount[], how?: "set"): Promise<void> {
    const now = this.#clock.now();
    for (const { limit, used, usedBefore } of counts) {
      const slot = raised(limit.rule, this.#slot(limit.counter, now), { used, usedBefore, how }, now);
      if (slot !== null) this.#put(limit.counter, slot, limit.rule, now);
    }
  }

  async running(tenantId: string): Promise<readonly RunningCall[]> {
    return [...this.#reservations.values()]
      .filter((reservation) => reservation.tenantId === tenantId)
      .map(({ intent, planIndex }) => ({ intent, planIndex }));
  }

  async reap(request: { tenantIds: readonly string[]; leaseMs: number }): Promise<readonly Orphan[]> {
    const now = this.#clock.now();
    const dead: Orphan[] = [];
    for (const [requestId, reservation] of this.#reservations) {
      if (reservation.deadline > now) continue;
      if (!request.tenantIds.includes(reservation.tenantId)) continue;
      reservation.state = "reaped";
      // The process that took it over may die too: then it is handed out again.
      reservation.deadline = now + request.leaseMs;
      const { tenantId, intent, planIndex, note } = reservation;
      dead.push({ requestId, tenantId, intent, planIndex, note });
    }
    return dead;
  }

  /** Everything a restart must not forget, as plain data. */
  dump(): MemoryDump {
    return {
      version: DUMP_VERSION,
      counters: [...this.#counters].map(([key, { slot, idleAt }]) => ({
        key,
        ...slot,
        marks: [...slot.marks],
        idleAt,
      })),
      reservations: [...this.#reservations].map(([requestId, { holds, tenantId, intent, planIndex, note }]) => {
        return { requestId, holds: [...holds], tenantId, intent, planIndex, note };
      }),
    };
  }

  /** Restores a dump. Its calls died with their process: they wait for settlement, and their leases are free. */
  restore(dump: MemoryDump): void {
    for (const { key, a, b, t, marks, idleAt } of dump.counters) {
      this.#counters.set(key, { slot: { a, b, t, marks }, idleAt });
    }
    const now = this.#clock.now();
    for (const { requestId, ...left } of dump.reservations) {
      const reply: AdmitReply = { kind: "finished", now };
      this.#reservations.set(requestId, {
        ...left,
        leases: [],
        checks: [],
        reply,
        state: "reaped",
        deadline: now + TOMBSTONE_MS,
        // Limits may have changed while no process ran.
        policyVersion: -1,
        policyUntilMs: null,
      });
    }
  }

  #strike({ caller, policyVersion }: AdmitRequest, waitMs: number, now: number): number {
    if (waitMs === NEVER) return NEVER;
    const { strikes, toldMs } = strike(this.#strikes.get(caller), { waitMs, policyVersion, now });
    if (this.#strikes.size >= STRIKES_MAX) this.#strikes.clear();
    this.#strikes.set(caller, strikes);
    return toldMs;
  }

  #take(checks: readonly Check[], request: AdmitRequest, now: number): { holds: Hold[]; leases: string[] } {
    const holds: Hold[] = [];
    const leases: string[] = [];
    for (const check of checks) {
      const key = check.counter;
      if (check.rule.algorithm === "concurrency") {
        const held = this.#leases.get(key) ?? new Map<string, number>();
        this.#leases.set(key, held.set(request.requestId, now + request.leaseMs));
        leases.push(key);
        continue;
      }
      const { slot, hold } = reserve(check, this.#slot(key, now), now);
      this.#put(key, slot, check.rule, now);
      holds.push(hold);
    }
    return { holds, leases };
  }

  #put(key: string, slot: Slot, rule: Hold["rule"], now: number, idleFrom = 0): void {
    if (!this.#counters.has(key)) this.#made += 1;
    this.#counters.set(key, { slot, idleAt: Math.max(now + keptMs(rule, slot, now) + IDLE_MARGIN_MS, idleFrom) });
  }

  /** A counter counts as forgotten once it may be, not when a sweep finds it. */
  #slot(key: string, now: number): Slot | undefined {
    const counter = this.#counters.get(key);
    return counter === undefined || (this.#sweeps && counter.idleAt <= now) ? undefined : counter.slot;
  }

  #release(requestId: string, reservation: Reservation): void {
    for (const key of reservation.leases) {
      const held = this.#leases.get(key);
      held?.delete(requestId);
      if (held?.size === 0) this.#leases.delete(key);
    }
  }

  #liveLeases(key: string, now: number): number {
    const held = this.#leases.get(key);
    if (held === undefined) return 0;
    let live = 0;
    for (const expiry of held.values()) if (expiry > now) live += 1;
    return live;
  }

  /** Checks twice as many counters as were made since the last call, so that idle ones never pile up. */
  #sweep(now: number): void {
    const steps = SWEEP_STEPS + 2 * this.#made;
    this.#made = 0;
    for (let step = 0; step < steps; step++) {
      const next = this.#sweepCursor.next();
      if (next.done === true) {
        this.#sweepCursor = this.#counters.entries();
        break;
      }
      const [key, counter] = next.value;
      if (counter.idleAt <= now) this.#counters.delete(key);
    }
  }
}

type Counter = { readonly slot: Slot; readonly idleAt: number };

type Reservation = {
  readonly holds: readonly Hold[];
  readonly leases: readonly string[];
  /** the checks it was admitted by */
  readonly checks: readonly Check[];
  /** null: it was admitted elsewhere, and is answered here only if it asks */
  readonly reply: AdmitReply | null;
  readonly tenantId: string;
  readonly intent: string;
  readonly planIndex: number;
  note: string;
  state: "open" | "reaped";
  /** Its owner counts as dead from here on. Epoch ms. */
  deadline: number;
  /** as in `AdmitRequest` */
  readonly policyVersion: number;
  readonly policyUntilMs: number | null;
};

/** How long a finished request id is remembered, so that a late duplicate or a second settlement does nothing. */
const TOMBSTONE_MS = 15 * 60 * 1000;
const IDLE_MARGIN_MS = 1000;
/** Beyond this, all strikes are forgiven: they only ever lengthen waits. */
const STRIKES_MAX = 100_000;
const SWEEP_STEPS = 4;
