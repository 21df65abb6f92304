import type { AdmitReply } from "@/lib/admission/admission";
import type { Elapsed } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import { failing, slowestOf } from "@/lib/limits/decide";
import type { Ladder } from "@/lib/limits/ladder/ladder";
import { NEVER } from "@/lib/limits/slot";
import type { Metrics } from "@/lib/metrics";
import { appliedLimits } from "@/lib/policy/compile";
import type { Policy } from "@/lib/policy/policy";
import { weightOf } from "@/lib/scarcity/order/constants";
import type { StopSignal } from "@/lib/stopper";
import type { Candidate } from "../attempt/candidates";
import type { SeenBudgets } from "../attempt/seen-budgets";
import type { OnWaiting } from "./early-answer";
import { Place, TURN_LINE, type WaitingLines } from "./waiting-lines";

type Tools = {
  readonly elapsed: Elapsed;
  readonly waitingLines: WaitingLines;
  readonly seenBudgets: SeenBudgets;
  readonly isDraining: () => boolean;
  readonly metrics: Pick<Metrics, "shed">;
};

/** The waiting call, as its process knows it. */
export type QueuedCall = {
  /** Aborts when the caller has left. */
  readonly signal: StopSignal;
  readonly tenantId: string;
  /** rank of its tenant's tier among the tiers */
  readonly tierPosition: number;
  /** size of its body */
  readonly bytes: number;
  /** Releases what a running call holds in this process, until the returned function takes it again. */
  readonly park: () => () => void;
  readonly onWaiting: OnWaiting;
};

/**
 * One call's wait before its admission: for room in limits that allow waiting, and for its turn under budgets that serve one
 * call at a time. The total is bounded by its class's maximum wait. Call `leave` when the call is over or refused.
 */
export class Queue {
  readonly #tools: Tools;
  readonly #call: QueuedCall;
  readonly #began: number;
  #place: Place | null = null;
  #turn: Place | null = null;
  #told: Place["told"] | null = null;
  #unpark: (() => void) | null = null;
  #settle: ((costMicroUsd: number) => void) | null = null;

  constructor(tools: Tools, call: QueuedCall) {
    this.#tools = tools;
    this.#call = call;
    this.#began = tools.elapsed();
  }

  /** What its caller learns about the wait; nothing when it did not wait. */
  get headers(): Record<string, string> {
    if (this.#told === null) return {};
    const { place, expectedMs } = this.#told;
    return {
      "x-spillway-queued-ms": String(this.#waitedMs),
      "x-spillway-queue-position": String(place),
      ...(expectedMs === null ? {} : { "x-spillway-expected-wait-ms": String(expectedMs) }),
    };
  }

  /** Whether it asks again after a wait. Such a retry is not counted against its caller. */
  get hasPlace(): boolean {
    return this.#place !== null;
  }

  /** Waits for its turn if one of its budgets is past its one-at-a-time threshold. PublicError after too long. */
  async oneAtATime(policy: Policy, candidate: Candidate): Promise<void> {
    if (this.#turn !== null) return;
    const [past] = this.#tools.seenBudgets.pastStep(policy, candidate, "queueFrom");
    if (past === undefined) return;
    const line = `${TURN_LINE}${past.counter}`;
    const isFirst = this.#tools.waitingLines.order.length(line) === 0;
    const turn = this.#enter(line, candidate, { askInMs: 0, holds: isFirst });
    if (turn !== null && (await turn.turn()) === "turn") {
      this.#unparked();
      this.#turn = turn;
      return;
    }
    const message = `The budget "${past.name}" is nearly used up: its calls run one at a time, and this one waited too long. Please try again in 5s.`;
    throw new PublicError("rate_limit_exceeded", message, { retryAfterSeconds: 5 });
  }

  /**
   * Before it asks: if others wait for a limit that it also needs, it waits behind those that go first. Otherwise a new
   * caller would take the room that they wait for. PublicError when that takes too long.
   */
  async behindOthers(policy: Policy, candidate: Candidate, now: number): Promise<void> {
    const { order, size } = this.#tools.waitingLines;
    if (size === 0 || this.#place !== null) return;
    const { model, subject } = candidate;
    const called = { model: model.slug, provider: model.provider.slug, priority: subject.priority };
    const limits = [...appliedLimits(policy, subject.facts, called, now), ...candidate.room];
    const lines = limits.map(({ counter }) => `room ${counter}`);
    const line = lines.find((one) => order.length(one) > 0);
    if (line === undefined) return;
    this.#place = this.#enter(line, candidate, { askInMs: 0, holds: false });
    if ((await this.#place?.turn()) === "turn") return;
    const { expectedMs } = this.#told ?? { expectedMs: null };
    const seconds = Math.max(1, Math.ceil((expectedMs ?? 0) / 1000));
    const message = `Too many calls wait for the limits that this one needs (priority ${subject.priority}). Please try again in ${seconds}s.`;
    throw new PublicError("rate_limit_exceeded", message, { retryAfterSeconds: seconds });
  }

  /** After a denial: waits until the call would fit, if its tier or every limit that denied it allows it. False: refuse. */
  async forRoom(
    denied: Extract<AdmitReply, { kind: "deny" }>,
    { policy, ladder }: { readonly policy: Policy; readonly ladder: Pick<Ladder, "waits"> },
    candidate: Candidate,
  ): Promise<boolean> {
    const { retryAfterMs, states } = denied;
    const lets = failing(states).every(
      // Its provider's room is not the caller's own limit, so it waits for that.
      ({ check }) =>
        check.isPart === true ||
        ladder.waits ||
        policy.limits.find((limit) => limit.limitId === check.limitId)?.onExceed === "queue",
    );
    const counter = slowestOf(states)?.check.counter;
    const isHopeless = retryAfterMs === NEVER || retryAfterMs > this.#leftMs(candidate);
    if (!lets || counter === undefined || isHopeless || this.#tools.isDraining()) return false;
    const line = `room ${counter}`;
    const askInMs = Math.max(1, retryAfterMs);
    if (this.#place === null) this.#place = this.#enter(line, candidate, { askInMs, holds: false });
    else this.#place.denied(line, askInMs);
    return (await this.#place?.turn()) === "turn";
  }

  /** It is admitted: the next in the queue may ask now. Its turn lasts until the call is over. */
  admitted({ subject }: Candidate): void {
    this.#place?.served();
    this.#place = null;
    this.#unparked();
    this.#settle = this.#tools.waitingLines.charge(subject.facts.tenantId, this.#weight);
  }

  /** Its final cost. The order of tenants depends on it. */
  settled(costMicroUsd: number): void {
    this.#settle?.(costMicroUsd);
    this.#settle = null;
  }

  leave(): void {
    this.#place?.leave();
    this.#place = null;
    this.#turn?.leave();
    this.#turn = null;
  }

  /** `holds`: no call is before it, so it does not wait. */
  #enter(
    line: string,
    { subject }: Candidate,
    { askInMs, holds }: { readonly askInMs: number; readonly holds: boolean },
  ): Place | null {
    const { tenantId, signal, bytes } = this.#call;
    const comer = { tenantId, priority: subject.priority, weight: this.#weight, bytes: holds ? 0 : bytes };
    const withinMs = this.#leftOf(subject.priority);
    const place = this.#tools.waitingLines.enter(line, comer, { waitedMs: this.#waitedMs, withinMs, askInMs, signal });
    if (!(place instanceof Place)) {
      if ("full" in place && place.full === "late") this.#tools.metrics.shed(subject.priority, "shed");
      return null;
    }
    if (!holds) {
      this.#told ??= place.told;
      this.#unpark ??= this.#call.park();
      this.#call.onWaiting(() => this.headers);
    }
    return place;
  }

  #unparked(): void {
    this.#unpark?.();
    this.#unpark = null;
  }

  get #weight(): number {
    return weightOf(this.#tools.waitingLines.constants, this.#call.tierPosition);
  }

  get #waitedMs(): number {
    return this.#tools.elapsed() - this.#began;
  }

  #leftMs({ subject }: Candidate): number {
    return this.#leftOf(subject.priority);
  }

  #leftOf(priority: Candidate["subject"]["priority"]): number {
    return Math.max(0, this.#tools.waitingLines.constants.waitMs[priority] - this.#waitedMs);
  }
}
