import type { Clock } from "@/lib/clock";
import type { CheckState } from "@/lib/limits/decide";
import type { AppliedLimit } from "@/lib/limits/plan";
import type { Priority } from "@/lib/limits/rules/priority";
import { type Figure, figuresOf, type RoomSource } from "@/lib/policy/provider-room";
import type { Model } from "@/lib/providers/catalog";
import { Breaker } from "@/lib/providers/trouble/breaker";
import { BUSY_EVERY_MS } from "@/lib/providers/trouble/ramp";
import { RetryBudget } from "@/lib/providers/trouble/retry-budget";
import { roomIn } from "@/lib/providers/trouble/room-headers";
import type { Door } from "@/lib/providers/trouble/trouble";
import { retryAfterSeconds } from "@/lib/wire/faults/retry-after";
import type { Ending } from "../running/bill";
import type { Place, Places } from "./places";
import type { Rooms } from "./room/rooms";

/** How the last try of a call ended. The next step depends on it. */
export type Outcome = "pending" | "served" | "limited" | "failed" | "other";

/** Learns from providers' answers, and decides about later calls. */
export class Upstreams {
  readonly budget = new RetryBudget();
  readonly #places: Places;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #breakers = new Map<string, Breaker>();
  readonly #rooms: Rooms;

  constructor(input: { places: Places; rooms: Rooms; clock: Clock; random: () => number }) {
    this.#places = input.places;
    this.#rooms = input.rooms;
    this.#clock = input.clock;
    this.#random = input.random;
  }

  door(model: Model): Door {
    if (model.provider.isTakenOut) return TAKEN_OUT;
    return model.provider.coolsDown ? this.#places.door(placeOf(model)) : OPEN;
  }

  /**
   * The model with one of its provider's credentials: one of the open ones, by its share of the calls. `roll`: 0 to 1,
   * the same for the same call.
   */
  withCredential<One extends Model>(model: One, roll: number): One {
    const { ways } = model.provider;
    if (ways.length === 0) return model;
    const open = ways.filter(({ provider }) => this.door({ ...model, provider }).kind !== "closed");
    const among = open.length > 0 ? open : ways;
    let left = roll * among.reduce((sum, { weight }) => sum + weight, 0);
    for (const { weight, provider } of among) {
      left -= weight;
      if (left < 0) return { ...model, provider };
    }
    return { ...model, provider: among.at(-1)?.provider ?? model.provider };
  }

  probe(model: Model, by: string): Promise<boolean> {
    return this.#places.probe(placeOf(model), by);
  }

  /** Returns a probe that was taken and not sent. */
  giveUpProbe(model: Model, by: string): void {
    for (const where of BOTH) this.#places.note(where, placeOf(model), { kind: "unproven", by });
  }

  /** The provider's own limits for calls of this class, if known. */
  room(model: Model, priority: Priority): readonly AppliedLimit[] {
    return this.#rooms.of(this.#sourceOf(model), priority, this.#clock.now());
  }

  /** How well each limit of the model's credential is known; empty = no figure is known, and nothing is counted. */
  known(model: Model): readonly Figure["known"][] {
    return figuresOf(this.#sourceOf(model), this.#clock.now()).map(({ known }) => known);
  }

  #sourceOf(model: Model): RoomSource {
    const place = placeOf(model);
    const { credentialId, upstreamName } = place;
    // Member by member: a spread would cost every call a microsecond each.
    return { credentialId, upstreamName, provider: model.provider, trouble: this.#places.troubleOf(place) };
  }

  #learn(
    model: Model,
    header: (name: string) => string | null,
    admitted: Admitted & { readonly admittedAtMs: number },
  ): void {
    const now = this.#clock.now();
    const told = roomIn(header, now);
    const place = placeOf(model);
    for (const [dimension, room] of Object.entries(told)) {
      const before = this.#places.troubleOf(place)?.room[dimension];
      const { limit } = room;
      const isRaised = before !== undefined && limit > before.limit;
      if (isRaised && now - before.heardAtMs < RAISED_EVERY_MS) continue;
      const isNews = before?.limit !== limit || now - before.heardAtMs > HEARD_EVERY_MS;
      // Which window it is for is known only after some of it is used.
      const windowMs = before?.limit === limit ? Math.max(before.windowMs, room.windowMs) : room.windowMs;
      const event = { kind: "room", dimension, limit, windowMs, givesBack: before?.givesBack ?? false } as const;
      if (isNews || before.windowMs !== windowMs) this.#places.note("model", place, { ...event, atMs: now });
    }
    const { states, admittedAtMs } = admitted;
    const shown = this.#rooms.compare(this.#sourceOf(model), told, { states, admittedAtMs, nowMs: now });
    for (const [dimension, givesBack] of Object.entries(shown)) {
      const room = this.#places.troubleOf(place)?.room[dimension];
      if (room === undefined) continue;
      const { limit, windowMs } = room;
      this.#places.note("model", place, { kind: "room", dimension, limit, windowMs, givesBack, atMs: now });
    }
  }

  /**
   * Watches one call that is about to be sent. `isLastWay`: no other provider could serve it. `isRetry`: it was sent
   * before, so it saves no further retry.
   */
  watch(call: Asked & Admitted): WatchedCall {
    if (!call.isRetry) this.budget.sent();
    const admittedAtMs = this.#clock.now();
    if (call.model.provider.ramps) this.#busy(call.model, admittedAtMs);
    const { model, tenantId, requestId, isLastWay } = call;
    return new WatchedCall({ place: placeOf(model), tenantId, requestId, isLastWay }, this.#clock, {
      learn: (header) => this.#learn(call.model, header, { states: call.states, admittedAtMs }),
      note: (where, event) => {
        if (call.model.provider.coolsDown) this.#places.note(where, placeOf(call.model), event);
      },
      breaker: this.#breakerOf(call.model.provider.credentialId),
      roll: this.#random,
    });
  }

  #busy(model: Model, now: number): void {
    const place = placeOf(model);
    const seenAtMs = this.#places.troubleOf(place)?.busy?.seenAtMs ?? Number.NEGATIVE_INFINITY;
    if (now - seenAtMs >= BUSY_EVERY_MS) this.#places.note("model", place, { kind: "busy", atMs: now });
  }

  #breakerOf(credentialId: string): Breaker {
    const known = this.#breakers.get(credentialId) ?? new Breaker();
    this.#breakers.set(credentialId, known);
    return known;
  }
}

/** Our counters at a call's admission. */
type Asked = {
  readonly model: Model;
  readonly tenantId: string;
  readonly requestId: string;
  readonly isLastWay: boolean;
  readonly isRetry: boolean;
};
type Admitted = { readonly states: readonly CheckState[] };

type Told = {
  readonly learn: (header: (name: string) => string | null) => void;
  readonly note: (where: "credential" | "model", event: Parameters<Places["note"]>[2]) => void;
  readonly breaker: Breaker;
  readonly roll: () => number;
};

type Watched = {
  readonly place: Place;
  readonly tenantId: string;
  readonly requestId: string;
  readonly isLastWay: boolean;
};

/** One sent call, until all its evidence about the provider is in. */
export class WatchedCall {
  readonly #call: Watched;
  readonly #clock: Clock;
  readonly #told: Told;
  readonly #sentAtMs: number;
  #outcome: Outcome = "pending";

  constructor(call: Watched, clock: Clock, told: Told) {
    this.#call = call;
    this.#clock = clock;
    this.#told = told;
    this.#sentAtMs = clock.now();
  }

  get outcome(): Outcome {
    return this.#outcome;
  }

  /** The provider's status and headers have arrived. */
  answered(status: number, header: (name: string) => string | null): void {
    this.#told.learn(header);
    const seconds = retryAfterSeconds(header, this.#clock.now());
    const waitMs = seconds === null ? null : seconds * MS_PER_SECOND;
    if (status === TOO_MANY) this.#limited(waitMs);
    // "Not implemented" is no trouble of the provider: it will answer the same next time.
    else if (status >= SERVER_ERROR && status !== NOT_IMPLEMENTED) this.#failed(`status ${status}`, waitMs);
    else this.#serves(status < SERVER_ERROR);
  }

  /** The call has ended, in any way. */
  ended(ending: Ending): void {
    if (FAILURES.has(ending)) {
      if (this.#outcome === "pending" || this.#outcome === "served") this.#failed(WORDS[ending] ?? ending, null);
      return;
    }
    // A call that ended before the provider answered is no evidence about it.
    if (this.#outcome !== "pending") {
      if (ending === "complete") this.#told.breaker.served(this.#call.tenantId, this.#clock.now());
    } else {
      this.#outcome = "other";
      for (const where of BOTH) this.#told.note(where, { kind: "unproven", by: this.#call.requestId });
    }
  }

  #serves(isAnswer: boolean): void {
    this.#outcome = isAnswer ? "served" : "other";
    for (const where of BOTH)
      this.#told.note(where, { kind: "served", by: this.#call.requestId, atMs: this.#clock.now() });
  }

  #limited(waitMs: number | null): void {
    this.#outcome = "limited";
    const wait = waitMs === null ? "without a wait" : `retry after ${waitMs / MS_PER_SECOND} s`;
    this.#told.note("model", { kind: "limited", ...this.#timed(waitMs), detail: `status 429, ${wait}` });
    // The credential itself answers, so its probe is over.
    this.#told.note("credential", { kind: "served", by: this.#call.requestId, atMs: this.#clock.now() });
  }

  #failed(detail: string, waitMs: number | null): void {
    const isLate = this.#outcome === "served";
    this.#outcome = isLate ? "served" : "failed";
    const { tenantId, isLastWay } = this.#call;
    // It did answer. Without another provider that is no reason to stop calling it.
    if (isLate && isLastWay) return;
    const isTripped = this.#told.breaker.failed(tenantId, this.#clock.now(), isLastWay);
    const failure = { ...this.#timed(waitMs), detail };
    if (isTripped) this.#told.note("credential", { kind: "failing", ...failure });
    else if (!isLate)
      for (const where of BOTH) this.#told.note(where, { kind: "failed", by: this.#call.requestId, ...failure });
  }

  #timed(waitMs: number | null) {
    const { isLastWay } = this.#call;
    return { atMs: this.#clock.now(), sentAtMs: this.#sentAtMs, waitMs, roll: this.#told.roll(), isLastWay };
  }
}

const OPEN: Door = { kind: "open" };
const TAKEN_OUT: Door = { kind: "closed", opensAtMs: null, why: "taken_out" };
/** An unchanged limit is written again at this interval, because it is valid for an hour. */
const HEARD_EVERY_MS = 600_000;
/** A higher limit is accepted once a second: alternating accounts behind one address must not cause a write per call. */
const RAISED_EVERY_MS = 1000;
const BOTH = ["credential", "model"] as const;
const MS_PER_SECOND = 1000;
const TOO_MANY = 429;
const SERVER_ERROR = 500;
const NOT_IMPLEMENTED = 501;

/** Endings for which a provider is to blame. */
const FAILURES: ReadonlySet<Ending> = new Set([
  ...(["upstream_error", "upstream_timeout", "upstream_cut", "upstream_protocol_error"] as const),
]);
const WORDS: Readonly<Partial<Record<Ending, string>>> = {
  upstream_error: "it cannot be reached",
  upstream_timeout: "it did not answer in time",
  upstream_cut: "it ended its answers early",
  upstream_protocol_error: "its answers could not be read",
};

export function placeOf(model: Model): Place {
  const { id, credentialId, reopenedAtMs } = model.provider;
  return { providerId: id, credentialId, upstreamName: model.upstreamName, reopenedAtMs };
}
