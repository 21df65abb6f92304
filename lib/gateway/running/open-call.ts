import type { LedgerInsert } from "@/db/queries/books/record";
import type { Admission } from "@/lib/admission/admission";
import type { Clock, Elapsed } from "@/lib/clock";
import type { Books } from "@/lib/ledger/books";
import type { Orphan } from "@/lib/ledger/journal";
import type { Intent } from "@/lib/ledger/journal-line";
import { type BrakeFacts, covers, isInForce } from "@/lib/limits/brake";
import { amountsUsed } from "@/lib/limits/cost";
import type { Log } from "@/lib/log";
import type { Usage } from "@/lib/money/usage";
import type { Brake } from "@/lib/policy/rows/brake-row";
import { Stopper } from "@/lib/stopper";
import type { MadeThing } from "@/lib/wire/open/made-things";
import type { Reading } from "@/lib/wire/usage";
import { amountsOfBill, type Bill, billFor, costOfBill, type Ending, type MostUsed } from "./bill";
import { billedRow } from "./billed-row";

type Needs = {
  readonly admission: Admission;
  readonly books: Books;
  readonly clock: Clock;
  readonly log: Log;
  readonly leaseMs: number;
  /** The answer is complete, with the provider's reported usage. */
  readonly completed: (usage: Usage) => void;
  /** It has ended, with this ending and cost. */
  readonly finished: (ending: Ending, costMicroUsd: number) => void;
  /** Its response created these, and the provider stores them. */
  readonly made: (things: readonly MadeThing[]) => void;
  /** Its reservation is released. */
  readonly settled: () => void;
  /** The call's input tokens if nothing is reported. */
  readonly likelyInput: () => number;
};

/** Why a running call is ended from outside. */
export type Stop = {
  readonly ending: Ending;
  readonly message: string;
  readonly code: "kill_switch_active" | "shutting_down" | "upstream_timeout" | "upstream_error";
};

/**
 * One admitted call between its reservation and its settlement. Invariant: `finish` takes effect exactly once, wherever it is
 * called and however often: counters are settled, the lease is freed and the ledger row is journaled.
 */
export class OpenCall {
  readonly intent: Intent;
  readonly brakeFacts: BrakeFacts;
  readonly #most: MostUsed;
  readonly #needs: Needs;
  readonly #calls: OpenCalls;
  readonly #stopper = new Stopper<Stop>();
  #reading: () => Reading | null = () => null;
  #upstreamStatus: number | null = null;
  #upstreamHeadersMs: number | null = null;
  #firstTokenMs: number | null = null;
  #wasSent = false;
  #finished: Promise<void> | null = null;
  /** The charge if another process takes the call over now. */
  #noted: Usage | null = null;
  /**
   * This process was paused for longer than its leases, and another process has settled the call. The call still runs,
   * and its heartbeats hold its slots.
   */
  #isTakenOver = false;

  constructor(input: { intent: Intent; brakeFacts: BrakeFacts; most: MostUsed; needs: Needs; calls: OpenCalls }) {
    this.intent = input.intent;
    this.brakeFacts = input.brakeFacts;
    this.#most = input.most;
    this.#needs = input.needs;
    this.#calls = input.calls;
  }

  /** Aborts when the call must end early. */
  get signal(): Stopper<Stop> {
    return this.#stopper;
  }

  stop(reason: Stop): void {
    this.#stopper.abort(reason);
  }

  /** The first byte is sent to the provider, which may count the call from now on. */
  sent(): void {
    this.#wasSent = true;
  }

  get wasSent(): boolean {
    return this.#wasSent;
  }

  /** The provider's headers have arrived; from now on `reading` gives the usage so far. */
  begun(status: number, reading: () => Reading | null): void {
    this.#upstreamStatus = status;
    this.#upstreamHeadersMs = this.#needs.clock.now() - this.intent.admittedAt.getTime();
    this.#reading = reading;
  }

  /** A part of the stream was read: the first one with output dates the first token. */
  partCame(): void {
    if (this.#firstTokenMs !== null || this.#reading()?.hasContent !== true) return;
    this.#firstTokenMs = this.#needs.clock.now() - this.intent.admittedAt.getTime();
  }

  /** Renews the lease and stores the usage so far, for the process that settles the call if this one dies. */
  async beat(): Promise<void> {
    const { requestId, tenantId } = this.intent;
    const { admission, books, leaseMs, log } = this.#needs;
    const reading = this.#reading();
    const usage = reading === null || this.#finished !== null ? null : this.#usageSoFar(reading);
    if (usage !== null) books.note(requestId, usage);
    const note = usage === null ? "" : JSON.stringify(usage);
    const held = await admission.heartbeat({ tenantId, requestId, leaseMs, note });
    // Later usage is not stored, because the call was already charged.
    if (held === "held" && !this.#isTakenOver) this.#noted = usage ?? this.#noted;
    else if (this.#finished === null && !this.#isTakenOver) {
      this.#isTakenOver = true;
      log.warn(
        { requestId },
        "another process settled this running call as crashed; its row is corrected when the call ends",
      );
    }
  }

  #usageSoFar(reading: Reading): Usage {
    const likelyInputTokens = this.#needs.likelyInput();
    return billFor({ ending: "crashed", reading, hasBegun: true, likelyInputTokens, most: this.#most }).usage;
  }

  /** `hasBegun`: the provider has started to work, so the input is charged even without reported usage. */
  finish(ending: Ending, hasBegun: boolean): Promise<void> {
    this.#finished ??= this.#finishOnce(ending, hasBegun);
    return this.#finished;
  }

  /**
   * The provider processes it in the background for up to `leaseMs`. It is booked and stays reserved at its maximum
   * usage until its end is known. A process that takes it over later books the same.
   */
  leave(leaseMs: number, usage: Usage): Promise<void> {
    this.#finished ??= this.#leaveOnce(leaseMs, usage);
    return this.#finished;
  }

  async #leaveOnce(leaseMs: number, usage: Usage): Promise<void> {
    const { admission, log } = this.#needs;
    const { requestId, tenantId } = this.intent;
    const costMicroUsd = this.#book("submitted", { usage, source: "counted" });
    this.#calls.remove(this);
    this.#needs.finished("complete", costMicroUsd);
    const held = { tenantId, requestId, leaseMs, note: JSON.stringify(usage) };
    await admission.heartbeat(held).catch((error: unknown) => {
      log.warn({ err: error, requestId }, "could not renew a batch's reservation; it is settled as booked");
    });
  }

  /** Writes its ledger row; returns micro-dollars. */
  #book(ending: Ending, bill: Bill): number {
    const { intent } = this;
    const cost = costOfBill(bill, intent);
    const endedAt = new Date(this.#needs.clock.now());
    this.#needs.books.close(
      billedRow(intent, bill, cost, {
        ending,
        upstreamStatus: this.#upstreamStatus,
        upstreamHeadersMs: this.#upstreamHeadersMs,
        firstTokenMs: this.#firstTokenMs,
        totalMs: endedAt.getTime() - intent.admittedAt.getTime(),
        endedAt,
        answerId: this.#reading()?.answerId ?? null,
      }),
    );
    return cost.microUsd;
  }

  async #finishOnce(ending: Ending, hasBegun: boolean): Promise<void> {
    const { admission, clock, log } = this.#needs;
    const { intent } = this;
    const reading = this.#reading();
    const likelyInputTokens = lacksInput(reading) ? this.#needs.likelyInput() : 0;
    const bill = billFor({ ending, reading, hasBegun, likelyInputTokens, most: this.#most });
    if (bill.source === "clamped") {
      const { requestId, providerId, servedModel } = intent;
      const said = { reported: reading?.reported, charged: bill.usage };
      log.warn({ requestId, providerId, servedModel, ...said }, "reported usage is not plausible and was reduced");
    }
    if (ending === "complete" && bill.source === "provider") this.#needs.completed(bill.usage);
    const costMicroUsd = this.#book(ending, bill);
    if (reading?.made !== undefined && reading.made.length > 0) this.#needs.made(reading.made);
    this.#calls.remove(this);
    this.#needs.finished(ending, costMicroUsd);
    try {
      const actual = amountsOfBill({
        bill,
        costMicroUsd,
        wasSent: this.#wasSent,
        permits: permitsOf(intent),
      });
      const noted = new Date(clock.now());
      const takenOverAs = () => amountsOfRow(crashedRow({ intent, usage: this.#noted, noted }));
      await admission.settle({ tenantId: intent.tenantId, requestId: intent.requestId, actual, takenOverAs });
      this.#needs.settled();
    } catch (error) {
      log.error(
        { err: error, requestId: intent.requestId },
        "could not settle a call; its reservation stays until it is reaped",
      );
    }
  }
}

/** Whether the input was not reported. */
function lacksInput(reading: Reading | null): boolean {
  const reported = reading?.reported ?? null;
  return reported === null || reported.inputTokens === 0;
}

/** Time for running calls under a draining brake. */
const DRAIN_GRACE_MS = 60_000;

/** Members that all running calls share. */
type Running = Pick<OpenCall, "brakeFacts" | "stop" | "beat"> & { readonly intent: Pick<Intent, "requestId"> };

/** All calls that run in this process. */
export class OpenCalls {
  readonly #open = new Set<Running>();
  #brakes: readonly Brake[] = [];
  #timer: NodeJS.Timeout | null = null;
  #beatAt = Number.NEGATIVE_INFINITY;
  readonly #elapsed: Elapsed;

  constructor(elapsed: Elapsed) {
    this.#elapsed = elapsed;
  }

  get size(): number {
    return this.#open.size;
  }

  add(call: Running): void {
    this.#open.add(call);
  }

  remove(call: Running): void {
    this.#open.delete(call);
  }

  /** Heartbeats for every call: three per lease, so two may fail. */
  start(leaseMs: number, clock: Clock, log: Log): void {
    this.#timer = setInterval(() => void this.#beatAll(clock, log), Math.max(100, leaseMs / 3)).unref();
  }

  /**
   * Run before reaping: a process that was paused for longer than its leases must not reap its own calls. Resolves when
   * overdue leases are renewed.
   */
  async beatIfLate(leaseMs: number, clock: Clock, log: Log): Promise<void> {
    if (this.#elapsed() - this.#beatAt > leaseMs / 2) await this.#beatAll(clock, log);
  }

  async #beatAll(clock: Clock, log: Log): Promise<void> {
    this.#beatAt = this.#elapsed();
    this.#enforce(clock.now());
    const failed = (call: Running) => (error: unknown) =>
      log.warn({ err: error, requestId: call.intent.requestId }, "heartbeat failed");
    await Promise.all([...this.#open].map((call) => call.beat().catch(failed(call))));
  }

  stopTimer(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
  }

  /**
   * The brakes in force from now on. A cut brake ends matching calls immediately, a drain brake after a minute. A brake
   * that is being lifted ends none.
   */
  setBrakes(brakes: readonly Brake[], now: number): void {
    this.#brakes = brakes.filter(({ mode, rampFromMs }) => rampFromMs === null && (mode === "cut" || mode === "drain"));
    this.#enforce(now);
  }

  #enforce(now: number): void {
    for (const brake of this.#brakes) {
      const graceMs = brake.mode === "drain" ? DRAIN_GRACE_MS : 0;
      if (!isInForce(brake, now) || now < brake.createdAtMs + graceMs) continue;
      const message = `Stopped by the operator: ${brake.publicMessage ?? brake.reason}`;
      for (const call of this.#open) {
        if (covers(brake.scope, call.brakeFacts))
          call.stop({ ending: "brake_cut", code: "kill_switch_active", message });
      }
    }
  }

  /** Ends every running call when the drain time is over. */
  stopAll(): void {
    for (const call of this.#open)
      call.stop({
        ending: "drained",
        code: "shutting_down",
        message: "The server is shutting down. Please send the call again.",
      });
  }
}

/** The ledger row of a call whose process died, charged at its last stored usage. */
export function crashedRow(orphan: Orphan): LedgerInsert {
  const { intent, usage, noted } = orphan;
  const reading =
    usage === null ? null : { reported: usage, countedOutputTokens: usage.outputTokens, hasContent: true };
  // It is unknown whether the provider had started. The call was about to be sent, so its input is charged.
  const bill = billFor({
    ending: "crashed",
    reading,
    hasBegun: true,
    likelyInputTokens: intent.reservedInputTokens ?? intent.estimatedInputTokens,
    most: null,
  });
  return billedRow(intent, bill, costOfBill(bill, intent), {
    ending: "crashed",
    upstreamStatus: null,
    upstreamHeadersMs: null,
    firstTokenMs: null,
    totalMs: noted.getTime() - intent.admittedAt.getTime(),
    endedAt: noted,
    answerId: null,
  });
}

/** The amounts of a committed row, to settle a reservation from it. */
export function amountsOfRow(row: LedgerInsert) {
  const { inputTokens, outputTokens, costMicroUsd } = row;
  return amountsUsed({ inputTokens, outputTokens, permits: permitsOf(row) }, costMicroUsd);
}

/** A row from before cost classes counts as one request. */
function permitsOf({ permits }: Pick<LedgerInsert, "permits">): number {
  return permits ?? 1;
}
