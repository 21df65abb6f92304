import type { ErrorCode } from "@/lib/errors";
import { CEILINGS } from "@/lib/limits/headroom/ceiling";
import { type Priority, USUAL_PRIORITY } from "@/lib/limits/rules/priority";
import type { StopSignal } from "@/lib/stopper";
import { noted } from "../exchange/noted";
import { ArrivingBody, type BodyBounds, tooLarge } from "./arriving-body";
import { type BodySource, Halt } from "./body-source";
import { type Caller, claimsOf } from "./claims";
import { HeldAnswers } from "./held-answers";
import { MinuteBuckets } from "./minute-buckets";
import { overloaded, tooManyFailed, tooManyReads, tooMuch } from "./refusals";
import { type Claim, Shares } from "./shares";
import { type Steps, Turns } from "./turns";

export type BoundSettings = BodyBounds & {
  readonly callsAtOnce: number;
  /** bytes of bodies in memory, over all calls */
  readonly bodyBytesAtOnce: number;
  /** ms that a call waits for memory for its body */
  readonly bodyWaitMs: number;
  /** faulty calls per key and minute; 0 = not counted */
  readonly failedCallsPerMinute: number;
};

/** One call as counted here: its claims, and what it holds. */
type Entry = {
  readonly call: Handle;
  claims: readonly Claim[];
  key: string;
  holdsCall: boolean;
  heldBytes: number;
  body: ArrivingBody | null;
  bodyBytesMax: number;
};
type Waiting = { readonly amount: number; readonly entry: Entry; readonly resolve: (isTaken: boolean) => void };
/** Identity of one call: its exchange, on either door. */
type Handle = object;

const ONE_BODY_CLAIM_BYTES = 64 * 1024;
/** Smaller bodies need no turn of their own. */
const SMALL_BYTES = 8 * 1024;
const PACE_CHECK_MS = 250;
const BYTES_PER_MB = 1024 * 1024;
const READS_PER_MINUTE = 1200;
const BYTES_PER_UNIT = 64 * 1024;
/** Chunks that cost a key as much as one faulty call. */
export const CHUNKS_PER_UNIT = 64;

/** Refused for the request itself, before any limit was checked. */
const OWN_FAULTS: ReadonlySet<ErrorCode> = new Set([
  ...(["body_too_large", "body_in_pieces", "request_timeout", "client_gone", "invalid_utf8", "invalid_json"] as const),
  ...(["invalid_unicode", "invalid_number", "json_too_deep", "json_too_complex", "duplicate_key"] as const),
  ...(["invalid_body", "unknown_field", "missing_field", "invalid_type", "invalid_value", "invalid_messages"] as const),
  ...([
    "too_many_messages",
    "invalid_max_tokens",
    "invalid_n",
    "conflicting_fields",
    "context_length_exceeded",
  ] as const),
  ...(["unsupported_media_type", "unsupported_content_encoding", "model_not_found"] as const),
]);

/**
 * Bounds on what calls hold of this process before any limit is checked: slots, bytes, time. Both doors use it, so a
 * caller has the same bounds on either. Invariant: `leave` gives back everything that an entry holds and may be called
 * twice; a refusal names its bound. Fail mode: none, because it needs no store and no database.
 */
export class Bounds {
  readonly #settings: BoundSettings;
  readonly #now: () => number;
  readonly #calls: Shares;
  readonly #bytes: Shares;
  readonly #failed: MinuteBuckets;
  readonly #reads: MinuteBuckets;
  readonly #entries = noted<Handle, Entry>();
  readonly #waiting = new Set<Waiting>();
  /** interval of the pace check of arriving bodies */
  readonly #arriving = new Set<() => void>();
  #paceTimer: NodeJS.Timeout | null = null;
  readonly #onRefused: (bound: string) => void;
  readonly turns = new Turns();
  readonly held: HeldAnswers;

  /** `now`: monotone, ms. `onRefused`: for the figures. */
  constructor(settings: BoundSettings, now: () => number, onRefused: (bound: string) => void = () => undefined) {
    this.#settings = settings;
    this.#now = now;
    this.#onRefused = onRefused;
    this.#calls = new Shares(settings.callsAtOnce);
    this.#bytes = new Shares(settings.bodyBytesAtOnce);
    this.#failed = new MinuteBuckets(settings.failedCallsPerMinute, now);
    this.#reads = new MinuteBuckets(READS_PER_MINUTE, now);
    this.held = new HeldAnswers(now);
  }

  get bodyBytesMax(): number {
    return this.#settings.bodyBytesMax;
  }

  /** Metrics: calls, bytes of bodies, bodies that wait for memory, jobs that wait for their turn, held answers. */
  get load() {
    return {
      calls: this.#calls.total,
      bodyBytes: this.#bytes.total,
      bodiesWaiting: this.#waiting.size,
      turnsWaiting: this.turns.size,
      answersHeld: this.held.size,
    };
  }

  /** A request arrives. Until its key is known it counts to its address. Throws PublicError. */
  enter(call: Handle, network: string): void {
    const claims = [{ holder: `address ${network}`, perFree: 1 }];
    this.#take(claims, "address");
    const { bodyBytesMax } = this.#settings;
    this.#entries.set(call, { call, claims, key: network, holdsCall: true, heldBytes: 0, body: null, bodyBytesMax });
  }

  /**
   * Its key and priority are known. Throws PublicError if the key has its maximum, if it failed too often, or if the
   * share of its class is full: long background calls must leave slots for urgent calls.
   */
  known(call: Handle, { tenant, key }: Caller, priority: Priority = USUAL_PRIORITY): void {
    const entry = this.#entryOf(call);
    this.#refuseFailing(key.familyId);
    this.#giveCall(entry);
    const claims = claimsOf(tenant, key, priority);
    this.#take(claims, "key", priority);
    entry.claims = claims;
    entry.key = key.familyId;
    entry.holdsCall = true;
    if (key.bodyMbMax !== null) entry.bodyBytesMax = key.bodyMbMax * BYTES_PER_MB;
  }

  /**
   * Reads a body within all bounds, once there is memory for it. Throws PublicError. `declared`: the content-length, if
   * sent.
   */
  async read(call: Handle, source: BodySource, declared: number | null, gone: StopSignal): Promise<Uint8Array> {
    const entry = this.#entryOf(call);
    const { bodyBytesMax } = entry;
    if (declared !== null && declared > bodyBytesMax) throw tooLarge(bodyBytesMax);
    await this.#room(entry, declared ?? Math.min(ONE_BODY_CLAIM_BYTES, bodyBytesMax), gone);
    // Others of its key may have failed while it waited.
    this.#refuseFailing(entry.key);
    const { bodyMs, bodyBytesPerSecond } = this.#settings;
    const body = new ArrivingBody({ bodyBytesMax, bodyMs, bodyBytesPerSecond }, declared);
    entry.body = body;
    let waitedMs = 0;
    const more = async () => {
      const began = this.#now();
      await this.#room(entry, bodyBytesMax - entry.heldBytes, gone);
      waitedMs += this.#now() - began;
    };
    const take = (chunk: Uint8Array) => {
      body.add(chunk);
      // After its first bytes, a body of unknown length gets memory for the longest body. A second wait could deadlock
      // with other bodies that hold memory and wait for the same.
      return body.size > entry.heldBytes && entry.heldBytes < bodyBytesMax ? more() : undefined;
    };
    const began = this.#now();
    const halt = new Halt();
    const check = () => {
      try {
        if (entry.heldBytes >= body.size) body.checkPace(this.#now() - began - waitedMs);
      } catch (error) {
        halt.end(error);
      }
    };
    this.#watchPace(check);
    try {
      await source(take, halt);
    } finally {
      this.#arriving.delete(check);
    }
    return body.bytes();
  }

  /** Runs work on a call's body: immediately if the body is small, otherwise in its key's turn. */
  async work<T>(call: Handle, steps: Steps<T>): Promise<T> {
    const entry = this.#entries.get(call);
    if (entry !== undefined && (entry.body?.size ?? 0) > SMALL_BYTES)
      return this.turns.run(entry.key, this.#unlessFailing(entry.key, steps));
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
    }
  }

  /** Of a key's large bodies that arrived together, those behind too many faulty ones are refused without being parsed. */
  *#unlessFailing<T>(key: string, steps: Steps<T>): Steps<T> {
    this.#refuseFailing(key);
    return yield* steps;
  }

  #refuseFailing(key: string): void {
    const waitMs = this.#failed.waitMs(key);
    if (waitMs === 0) return;
    this.#onRefused("failed_calls");
    throw tooManyFailed(waitMs);
  }

  /** The same for work that does not yield. */
  async inTurn<T>(call: Handle, work: () => Promise<T>): Promise<T> {
    const entry = this.#entries.get(call);
    if ((entry?.body?.size ?? 0) <= SMALL_BYTES) return work();
    const begun = await this.turns.run(entry?.key ?? "", once(work));
    return begun.result;
  }

  /** A read with a credential. It needs the database and no limit counts it. Throws PublicError after too many. */
  countRead(credential: string): void {
    const waitMs = this.#reads.waitMs(credential);
    if (waitMs > 0) throw tooManyReads(waitMs);
    this.#reads.charge(credential, 1);
  }

  /** Its body is no longer needed, because the provider has it. */
  sent(call: Handle): void {
    const entry = this.#entries.get(call);
    if (entry !== undefined) this.#giveBytes(entry);
  }

  /** What came with it is a fault of its key that is worth so many faulty calls. Nothing once the call has left. */
  charge(call: Handle, units: number): void {
    const entry = this.#entries.get(call);
    if (entry !== undefined) this.#failed.charge(entry.key, units);
  }

  /** It was refused. If the call was faulty, its cost counts against its key. */
  failed(call: Handle, code: ErrorCode | null): void {
    const entry = this.#entries.get(call);
    if (entry !== undefined && code !== null && OWN_FAULTS.has(code)) {
      const { size = 0, chunks = 0 } = entry.body ?? {};
      this.charge(call, 1 + size / BYTES_PER_UNIT + chunks / CHUNKS_PER_UNIT);
    }
    this.leave(call);
  }

  /** Its answer was sent, or its caller has left. */
  leave(call: Handle): void {
    const entry = this.#entries.get(call);
    if (entry === undefined) return;
    this.#entries.set(call, undefined);
    this.#giveCall(entry);
    this.#giveBytes(entry);
  }

  /** One timer for all arriving bodies. Most bodies are complete before it fires. */
  #watchPace(check: () => void): void {
    this.#arriving.add(check);
    if (this.#paceTimer !== null) return;
    const checkAll = () => {
      for (const one of this.#arriving) one();
    };
    this.#paceTimer = setInterval(() => {
      // After a stall of this process, the bytes that have arrived are read first.
      if (this.#arriving.size > 0) return void setImmediate(checkAll);
      if (this.#paceTimer !== null) clearInterval(this.#paceTimer);
      this.#paceTimer = null;
    }, PACE_CHECK_MS);
  }

  #entryOf(call: Handle): Entry {
    const entry = this.#entries.get(call);
    if (entry === undefined) throw new Error("a call that has not entered, or has left");
    return entry;
  }

  /**
   * The call waits for something outside this process. Its slot and bytes are free until the returned function takes
   * them again. By then the call is admitted, so it is not refused for a bound.
   */
  park(call: Handle): () => void {
    const entry = this.#entries.get(call);
    if (entry === undefined) return () => undefined;
    const { holdsCall, heldBytes } = entry;
    this.#giveCall(entry);
    this.#giveBytes(entry);
    return () => {
      if (this.#entries.get(call) !== entry) return;
      if (holdsCall) this.#calls.retake(1, entry.claims);
      this.#bytes.retake(heldBytes, entry.claims);
      entry.holdsCall = holdsCall;
      entry.heldBytes = heldBytes;
    };
  }

  #take(claims: readonly Claim[], by: string, priority: Priority = "interactive"): void {
    const over = this.#calls.take(1, claims, Math.ceil(this.#settings.callsAtOnce * CEILINGS[priority]));
    if (over === null) return;
    const bounds = { all: "calls", class: "calls_of_class" };
    this.#onRefused(typeof over === "string" ? bounds[over] : `calls_of_${by}`);
    if (over === "all") throw overloaded();
    throw over === "class"
      ? tooMuch(`too many running calls for priority ${priority}`)
      : tooMuch(`${this.#calls.of(over.holder)} running calls`);
  }

  #giveCall(entry: Entry): void {
    if (entry.holdsCall) this.#calls.give(1, entry.claims);
    entry.holdsCall = false;
  }

  #giveBytes(entry: Entry): void {
    if (entry.heldBytes === 0) return;
    this.#bytes.give(entry.heldBytes, entry.claims);
    entry.heldBytes = 0;
    for (const waiting of this.#waiting) {
      if (this.#bytes.take(waiting.amount, waiting.entry.claims) === null) waiting.resolve(true);
    }
  }

  /** Waits for memory for a body. Until then its bytes stay in the network. */
  async #room(entry: Entry, amount: number, gone: StopSignal): Promise<void> {
    const over = this.#bytes.take(amount, entry.claims);
    if (over !== null && !(await this.#waitFor(entry, amount, gone))) {
      this.#onRefused("body_bytes");
      if (over === null || typeof over === "string") throw overloaded();
      const held = this.#bytes.of(over.holder);
      throw tooMuch(`${held} bytes of request bodies in transit`);
    }
    // It may have left in the meantime.
    if (this.#entries.get(entry.call) === entry) entry.heldBytes += amount;
    else this.#bytes.give(amount, entry.claims);
  }

  #waitFor(entry: Entry, amount: number, gone: StopSignal): Promise<boolean> {
    return new Promise((resolve) => {
      const end = (isTaken: boolean) => {
        clearTimeout(timer);
        gone.removeEventListener("abort", giveUp);
        this.#waiting.delete(waiting);
        resolve(isTaken);
      };
      const giveUp = () => end(false);
      const waiting: Waiting = { amount, entry, resolve: end };
      const timer = setTimeout(giveUp, this.#settings.bodyWaitMs);
      gone.addEventListener("abort", giveUp);
      if (gone.aborted) giveUp();
      else this.#waiting.add(waiting);
    });
  }
}

// biome-ignore lint/correctness/useYield: work in one piece, as a job of one step
function* once<T>(work: () => Promise<T>): Steps<{ result: Promise<T> }> {
  return { result: work() };
}
