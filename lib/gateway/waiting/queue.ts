import type { AdmitReply } from "@/lib/admission/admission";
import type { Elapsed } from "@/lib/clock";
import { PublicError } from "@/lib/errors";
import { failing } from "@/lib/limits/decide";
import { rankOf } from "@/lib/limits/rules/priority";
import { NEVER } from "@/lib/limits/slot";
import type { Policy } from "@/lib/policy/policy";
import type { Candidate } from "../attempt/candidates";
import type { SeenBudgets } from "../attempt/seen-budgets";
import { pause, type WaitingLines } from "./waiting-lines";

/** The longest a call waits before it is sent: SDKs give up after a minute or more. */
const QUEUE_MS = 30_000;

type Tools = {
  readonly elapsed: Elapsed;
  readonly waitingLines: WaitingLines;
  readonly seenBudgets: SeenBudgets;
  readonly isDraining: () => boolean;
};

/**
 * One call's waiting before it is admitted: for room in limits that let it wait, and for its turn under budgets that serve
 * one call at a time. Both together take no longer than QUEUE_MS. Leave it when the call is over or refused.
 */
export class Queue {
  readonly #tools: Tools;
  /** Aborts when the caller has left. */
  readonly #signal: AbortSignal;
  readonly #began: number;
  #place: (() => void) | null = null;
  #turn: (() => void) | null = null;
  #hasWaited = false;

  constructor(tools: Tools, signal: AbortSignal) {
    this.#tools = tools;
    this.#signal = signal;
    this.#began = tools.elapsed();
  }

  /** ms that the call has waited; 0 when it never had to */
  get waitedMs(): number {
    return this.#hasWaited ? this.#tools.elapsed() - this.#began : 0;
  }

  /** Whether it asks again after having waited: then it is not held against its caller that it came back. */
  get hasPlace(): boolean {
    return this.#place !== null;
  }

  /** Waits for its turn when a budget of the call is past its threshold for that. PublicError when it takes too long. */
  async oneAtATime(policy: Policy, candidate: Candidate): Promise<void> {
    if (this.#turn !== null) return;
    const [past] = this.#tools.seenBudgets.pastStep(policy, candidate, "queueFrom");
    if (past === undefined) return;
    this.#turn = await this.#enter(past.counter, candidate);
    if (this.#turn !== null) return;
    const message = `The budget "${past.name}" is nearly used up: its calls run one at a time, and this one waited too long. Please try again in 5s.`;
    throw new PublicError("rate_limit_exceeded", message, { retryAfterSeconds: 5 });
  }

  /** After a denial: waits until the call would fit, if every limit that denied it lets it. False: refuse it. */
  async forRoom(denied: Extract<AdmitReply, { kind: "deny" }>, policy: Policy, candidate: Candidate): Promise<boolean> {
    const { retryAfterMs, states } = denied;
    const lets = failing(states).every(
      ({ check }) => policy.limits.find((limit) => limit.limitId === check.limitId)?.onExceed === "queue",
    );
    if (!lets || retryAfterMs === NEVER || retryAfterMs > this.#leftMs() || this.#tools.isDraining()) return false;
    const asked = this.#tools.elapsed();
    this.#place ??= await this.#enter(`tenant ${candidate.subject.facts.tenantId}`, candidate);
    if (this.#place === null) return false;
    this.#hasWaited = true;
    await pause(Math.max(1, asked + retryAfterMs - this.#tools.elapsed()), this.#signal);
    return !this.#signal.aborted;
  }

  /** It is admitted: the next in the queue may ask now. Its turn lasts until the call is over. */
  admitted(): void {
    this.#place?.();
    this.#place = null;
  }

  leave(): void {
    this.admitted();
    this.#turn?.();
    this.#turn = null;
  }

  async #enter(name: string, { subject }: Candidate): Promise<(() => void) | null> {
    const { waitingLines } = this.#tools;
    if (waitingLines.length(name) > 0) this.#hasWaited = true;
    return waitingLines.enter(name, this.#leftMs(), this.#signal, rankOf(subject.priority));
  }

  #leftMs(): number {
    return Math.max(0, this.#began + QUEUE_MS - this.#tools.elapsed());
  }
}
