import { isBrokenCircuitError } from "cockatiel";
import { DAY_MS } from "@/lib/clock";
import { StoreUnavailable } from "@/lib/errors";
import { type AppliedLimit, type Plan, plan } from "@/lib/limits/plan";
import { type Amounts, NO_AMOUNTS } from "@/lib/limits/rules/dimensions";
import { makeLog } from "@/lib/log";
import type { Admission, AdmitReply } from "../admission";
import { FallbackAdmission } from "../fallback/fallback";
import { MemoryAdmission } from "../memory/memory";

export const LEASE_MS = 15_000;
export const TENANT = "t";
const START = 1_795_000_000_000;
const log = makeLog("silent");

export type StoreState = "there" | "away" | "answers lost";

/** One call as the world knows it, independent of any store. */
export type Call = {
  readonly id: string;
  readonly at: number;
  readonly by: Process;
  readonly reserved: number;
  readonly isLocal: boolean;
  /** what it had used by its process's last report */
  noted: number;
  used: number | null;
  /** when its process finished it, on the world's clock */
  endedAt: number | null;
  /** Whether the store was available when it ended; it may learn of an overrun later. */
  isHeard: boolean;
  /** Taken over by another process, and settled at what was noted. */
  isReaped: boolean;
  /** Whether its process died before the store was sure to know all of it. */
  isUncertain: boolean;
  /** when its process last reported that it goes on after a take-over; null = it has ended, or was never taken over */
  standInAt: number | null;
};

/** One process of the fleet: its own clock, its own fallback, the policy that it knows. */
export type Process = {
  readonly number: number;
  readonly admission: FallbackAdmission;
  clockOffsetMs: number;
  /** when its clock was last moved; what it counted alone before may have flowed back at once */
  steppedAt: number;
  /** whether it was ever set back: corrections of calls that then seem to lie in the past are not judged */
  wentBack: boolean;
  isPaused: boolean;
  version: number;
  brake: Policy["brake"];
  capacity: number;
  readonly running: Map<string, Call>;
};

export type Policy = {
  readonly version: number;
  readonly brake: { readonly id: string; readonly expiresAtMs: number } | null;
  readonly capacity: number;
};

/**
 * A fleet of processes on one store of counters, under one clock that only a test moves. The parts are the real ones: the
 * fallback with its breaker, its shares and its catching up, over the store's in-process implementation, which is bit-equal
 * to the scripts. Only what lies between them is simulated: answers, losses, deaths, and each process's own time.
 */
export class World {
  readonly peers: number;
  readonly store: MemoryAdmission;
  readonly processes: Process[] = [];
  readonly calls: Call[] = [];
  policy: Policy = { version: 1, brake: null, capacity: CAPACITY };
  /** the newest version with an answered publication */
  published = 1;
  now = START;
  state: StoreState = "there";
  /** the greatest capacity that was ever in force */
  most = CAPACITY;
  /** when the store may have taken admissions whose answers were lost */
  readonly unheardAt: number[] = [];
  #serial = 0;
  readonly #port: Admission;

  constructor(peers: number) {
    this.peers = peers;
    this.store = new MemoryAdmission({ now: () => this.now });
    this.#port = this.#breakable(this.store);
    for (let number = 0; number < peers; number++) this.processes.push(this.#born(number));
  }

  /** A process that replaces a dead one. The dead one's calls are left to others. */
  replace(number: number): void {
    const dead = this.processes[number];
    if (dead === undefined) return;
    const isAlone = this.state !== "there" || dead.admission.isAway || dead.admission.isBehind;
    for (const call of this.calls)
      if (call.by === dead && (isAlone || call.isLocal) && !call.isReaped) call.isUncertain = true;
    this.processes[number] = this.#born(number);
  }

  async admit(process: Process, reserved: number): Promise<{ reply: AdmitReply | "unavailable"; call: Call | null }> {
    const id = `r${this.#serial++}`;
    const request = {
      requestId: id,
      tenantId: TENANT,
      caller: id,
      intent: "",
      leaseMs: LEASE_MS,
      plans: [this.planOf(process, reserved)],
      brake: process.brake,
      policyVersion: process.version,
    };
    const reply = await process.admission.admit(request).catch(unavailable);
    if (reply === "unavailable" || reply.kind !== "admit") {
      if (this.state === "answers lost") this.unheardAt.push(this.now);
      return { reply, call: null };
    }
    const isLocal = reply.isLocal === true;
    const call = { id, at: this.now, by: process, reserved, isLocal, noted: 0, used: null };
    const whole: Call = { ...call, endedAt: null, isHeard: true, isReaped: false, isUncertain: false, standInAt: null };
    this.calls.push(whole);
    process.running.set(id, whole);
    return { reply, call: whole };
  }

  async settle(process: Process, call: Call, used: number): Promise<void> {
    process.running.delete(call.id);
    if (!call.isReaped) call.used = used;
    call.endedAt = this.now;
    call.isHeard = this.state === "there" && !process.admission.isAway;
    if (call.isHeard) call.standInAt = null;
    await process.admission
      .settle({ tenantId: TENANT, requestId: call.id, actual: amountsOf(used) })
      .catch(unavailable);
  }

  /** What a process does every third of a lease: reports that its calls live, and learns which do not. */
  async heartbeat(process: Process): Promise<void> {
    for (const call of process.running.values()) {
      const before = call.noted;
      call.noted = Math.min(call.reserved, call.noted + 1);
      const held = await process.admission
        .heartbeat({ tenantId: TENANT, requestId: call.id, leaseMs: LEASE_MS, note: String(call.noted) })
        .catch(() => "unheard" as const);
      if (held !== "held") call.noted = before;
      if (held === "held" || !call.isReaped) continue;
      // It goes on, and its beats hold its slots.
      call.standInAt = this.now;
      if (this.state === "answers lost") this.unheardAt.push(this.now);
    }
  }

  /** Settles calls of silent owners at what was noted last. */
  async reap(process: Process): Promise<void> {
    const orphans = await process.admission.reap({ tenantIds: [TENANT], leaseMs: LEASE_MS }).catch(unavailable);
    if (orphans === "unavailable") return;
    for (const { requestId, note } of orphans) {
      const used = Number(note === "" ? 0 : note);
      const actual = amountsOf(used);
      const came = await this.store.settle({ tenantId: TENANT, requestId, actual });
      const call = this.calls.find((one) => one.id === requestId);
      if (came !== "settled" || call === undefined) continue;
      call.used = used;
      call.isReaped = true;
      call.isUncertain = false;
    }
  }

  async publish(policy: Policy): Promise<void> {
    this.policy = policy;
    this.most = Math.max(this.most, policy.capacity);
    const [first] = this.processes;
    if (first !== undefined) this.learn(first);
    const done = await first?.admission.publish(policy.version, [TENANT]).catch(unavailable);
    if (done !== "unavailable") this.published = policy.version;
  }

  learn(process: Process): void {
    process.version = this.policy.version;
    process.brake = this.policy.brake;
    process.capacity = this.policy.capacity;
  }

  planOf({ capacity }: Pick<Process, "capacity">, reserved: number): Plan {
    return plan({ candidate: "c", limits: limitsOf(capacity), amounts: amountsOf(reserved) });
  }

  #born(number: number): Process {
    const clock = { now: () => this.now + process.clockOffsetMs };
    const elapsed = () => this.now;
    const needs = { shared: this.#port, local: new MemoryAdmission(clock), clock, elapsed, log };
    const policyVersion = () => process.version;
    const process: Process = {
      number,
      admission: new FallbackAdmission({ ...needs, peers: () => this.peers, policyVersion }),
      clockOffsetMs: 0,
      steppedAt: this.now,
      wentBack: false,
      isPaused: false,
      ...this.policy,
      running: new Map(),
    };
    return process;
  }

  /** The store as processes reach it: it may be away, or do its work and lose the answer. */
  #breakable(store: Admission): Admission {
    return new Proxy(store, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return async (...args: unknown[]) => {
          if (this.state === "away") throw new StoreUnavailable("away");
          const answer: unknown = await Reflect.apply(method, target, args);
          if (this.state === "answers lost") throw new StoreUnavailable("its answer was lost");
          return answer;
        };
      },
    });
  }
}

export const CAPACITY = 1200;
export const SLOTS = 40;
export const BUDGET = 60_000;

/** A bucket, a window, slots and a day's budget, all of which every call passes. */
export function limitsOf(capacity: number): AppliedLimit[] {
  const bounds = { startMs: START - DAY_MS / 2, endMs: START + DAY_MS / 2, nextEndMs: START + 2 * DAY_MS };
  const rolling = { refill: capacity, periodMs: 60_000, credit: 0, bounds: null } as const;
  return [
    limit("bucket", "total_tokens", { ...rolling, algorithm: "token_bucket", capacity }),
    limit("window", "total_tokens", { ...rolling, algorithm: "sliding_window", capacity }),
    limit("slots", "concurrency", { ...rolling, algorithm: "concurrency", capacity: SLOTS }),
    limit("budget", "cost_micro_usd", {
      algorithm: "calendar_window",
      capacity: BUDGET,
      refill: BUDGET,
      periodMs: 0,
      credit: 0,
      bounds,
    }),
  ];
}

function limit(slotId: string, dimension: AppliedLimit["dimension"], rule: AppliedLimit["rule"]): AppliedLimit {
  const named = { limitId: slotId, slotId, subject: `t:${TENANT}`, counter: `t:${TENANT}#${slotId}` };
  return { ...named, layer: "tenant", dimension, rule, observe: false };
}

function amountsOf(units: number): Amounts {
  return { ...NO_AMOUNTS, total_tokens: units, cost_micro_usd: units, concurrency: 1 };
}

function unavailable(error: unknown): "unavailable" {
  if (error instanceof StoreUnavailable || isBrokenCircuitError(error)) return "unavailable";
  throw error;
}
