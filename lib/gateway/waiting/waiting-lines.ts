import type { Elapsed } from "@/lib/clock";
import { PRIORITIES, type Priority } from "@/lib/limits/rules/priority";
import type { QueueConstants } from "@/lib/scarcity/order/constants";
import type { Waiter } from "@/lib/scarcity/order/line";
import { QueueOrder } from "@/lib/scarcity/order/queue-order";
import type { Full } from "@/lib/scarcity/order/room";
import type { StopSignal } from "@/lib/stopper";
import { Fleet, type Others } from "./fleet";

/** Why a call stops waiting without a turn. */
export type Left = "late" | "client gone" | "pushed out" | "draining";
type Turn = "turn" | Left;

/** The call's owner and what it holds while it waits. */
export type Comer = Omit<Waiter, "since">;

type Caller = Waiter & {
  /** it gives up at this time, unless its turn has come */
  readonly untilMs: number;
  over: Left | null;
  hear: ((turn: Turn) => void) | null;
};

/** Prefix of lines in which one call at a time runs, per process. */
export const TURN_LINE = "turn ";
const TELL_MS = 1000;
/** How soon a process asks again after another process's call went first. */
const AGAIN_MS = 100;

/**
 * Waiting calls of this process, by what they wait for; `scarcity/order` decides who goes next. Nothing is reserved for
 * waiting calls, because they are not admitted yet. A call leaves when it is through after its turn, when its time is
 * up, when its caller has gone, when a better one needs its place, and when the process ends.
 */
export class WaitingLines {
  readonly #order: QueueOrder<Caller>;
  readonly #elapsed: Elapsed;
  readonly #constants: () => QueueConstants;
  readonly #fleet: Fleet | null;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** the best call of each line that the other processes know */
  readonly #bests = new Map<string, Waiter>();
  #telling: NodeJS.Timeout | null = null;
  #isDraining = false;

  constructor(input: {
    readonly constants: () => QueueConstants;
    readonly elapsed: Elapsed;
    readonly random: () => number;
    /** null: this process is alone */
    readonly others: Others | null;
  }) {
    this.#constants = input.constants;
    this.#order = new QueueOrder<Caller>(input.constants, input.random);
    this.#elapsed = input.elapsed;
    this.#fleet = input.others === null ? null : new Fleet(input.others, this.#order.costs);
  }

  get constants(): QueueConstants {
    return this.#constants();
  }

  /** The number of waiting calls, including those whose turn it is. */
  get size(): number {
    return this.#order.size;
  }

  get byPriority(): Readonly<Record<Priority, number>> {
    const { room } = this.#order;
    const [interactive, standard, batch, background] = PRIORITIES.map((priority) => room.count(priority));
    return { interactive: interactive ?? 0, standard: standard ?? 0, batch: batch ?? 0, background: background ?? 0 };
  }

  get order(): Pick<QueueOrder<Waiter>, "room" | "lines" | "length" | "offerOf" | "costs" | "shut"> {
    return this.#order;
  }

  /** Adds a call; "full" names what has no room. `withinMs`: the rest of its maximum wait. */
  enter(
    line: string,
    comer: Comer,
    when: {
      readonly waitedMs: number;
      readonly withinMs: number;
      readonly askInMs: number;
      readonly signal: StopSignal;
    },
  ): Place | { readonly full: Full | "late" } | { readonly left: Left } {
    if (when.signal.aborted) return { left: "client gone" };
    if (this.#isDraining) return { left: "draining" };
    const now = this.#elapsed();
    const caller: Caller = {
      ...comer,
      since: now - when.waitedMs,
      untilMs: now + when.withinMs,
      over: null,
      hear: null,
    };
    const entered = this.#order.enter(caller, { line, askAt: now + when.askInMs, now });
    if (entered.kind === "full") return { full: entered.by };
    for (const one of entered.pushedOut) this.#ended(one, "pushed out");
    const gone = () => this.#leave(caller, line, "client gone");
    const timer = setTimeout(() => this.#late(caller, line), when.withinMs);
    when.signal.addEventListener("abort", gone);
    const told = this.#order.placeOf(caller) ?? { place: 1, expectedMs: null };
    return new Place({
      told,
      lines: this.#asOf(caller, line),
      over: () => {
        clearTimeout(timer);
        when.signal.removeEventListener("abort", gone);
      },
    });
  }

  /** A tenant's call passed while others wait. Until `settle` gives its cost, it counts as a small call. */
  charge(tenantId: string, weight: number): ((costMicroUsd: number) => void) | null {
    if (this.#order.size === 0) return null;
    const { guessMicroUsd } = this.#constants();
    this.#order.costs.charge(tenantId, guessMicroUsd, weight);
    return (costMicroUsd) => {
      this.#order.costs.charge(tenantId, costMicroUsd - guessMicroUsd, weight);
      this.#fleet?.sawCost(costMicroUsd / weight);
    };
  }

  /** A call has released its room: the best of each line may ask at once. */
  roomCame(): void {
    if (this.#order.size === 0) return;
    const now = this.#elapsed();
    for (const line of [...this.#order.lines()]) {
      this.#order.hurry(line, now);
      this.#pump(line);
    }
  }

  /** The process ends: all waiting calls leave. */
  drain(): void {
    this.#isDraining = true;
    for (const caller of [...this.#order.waiters()]) {
      this.#order.leave(caller);
      this.#ended(caller, "draining");
    }
  }

  #asOf(caller: Caller, first: string): OfOne {
    let line = first;
    return {
      turn: () => {
        if (caller.over !== null) return Promise.resolve(caller.over);
        return new Promise((resolve) => {
          caller.hear = resolve;
          this.#pump(line);
        });
      },
      denied: (next, askInMs) => {
        const now = this.#elapsed();
        const before = line;
        line = next;
        this.#order.denied(caller, { line, askAt: now + askInMs, now });
        if (now >= caller.untilMs) this.#late(caller, line);
        if (before !== line) this.#pump(before);
      },
      served: () => {
        this.#order.served(caller, this.#elapsed());
        this.#pump(line);
      },
      leave: () => this.#leave(caller, line, "late"),
    };
  }

  /** Its time is up. A call that has its turn learns it after the turn. */
  #late(caller: Caller, line: string): void {
    if (!this.#order.hasTurn(caller)) this.#isLate(caller, line);
  }

  #isLate(caller: Caller, line: string): void {
    if (!this.#order.late(caller, this.#elapsed())) return;
    this.#ended(caller, "late");
    this.#pump(line);
  }

  #leave(caller: Caller, line: string, why: Left): void {
    if (!this.#order.leave(caller)) return;
    this.#ended(caller, why);
    this.#pump(line);
  }

  #ended(caller: Caller, why: Left): void {
    caller.over = why;
    caller.hear?.(why);
    caller.hear = null;
  }

  #pump(line: string): void {
    const now = this.#elapsed();
    const step = this.#order.next(line, now);
    clearTimeout(this.#timers.get(line));
    this.#timers.delete(line);
    if (step.kind === "wait") {
      this.#timers.set(
        line,
        setTimeout(() => this.#pump(line), Math.max(1, step.untilMs - now)),
      );
    } else if (step.kind === "ask") void this.#offer(line, step.waiter);
    if (this.#fleet !== null) this.#tellBest(this.#fleet, line, step.kind === "ask");
  }

  /** The others learn at once when another call, or none, is the best here. A call that asks reports itself. */
  #tellBest(fleet: Fleet, line: string, asks: boolean): void {
    const best = this.#order.offerOf(line, this.#elapsed());
    const isKnown = this.#bests.get(line) === (best?.waiter ?? undefined);
    if (best === null) this.#bests.delete(line);
    else this.#bests.set(line, best.waiter);
    if (!isKnown && !asks) void fleet.tell(line, best);
    this.#telling ??= setInterval(() => this.#tellAgain(), TELL_MS).unref();
  }

  /** While calls wait, the others learn it every second, because an offer that is not repeated is dropped. */
  #tellAgain(): void {
    const now = this.#elapsed();
    for (const line of [...this.#order.lines()]) void this.#fleet?.tell(line, this.#order.offerOf(line, now));
    if (this.#order.size > 0 || this.#telling === null) return;
    clearInterval(this.#telling);
    this.#telling = null;
  }

  async #offer(line: string, caller: Caller): Promise<void> {
    const offer = this.#order.offerOf(line, this.#elapsed());
    const { tenantId } = caller;
    const isAlone = this.#fleet === null || offer === null || line.startsWith(TURN_LINE);
    const may = isAlone || (await this.#fleet.mayAsk(line, { ...offer, tenantId }));
    if (may && caller.hear !== null) {
      caller.hear("turn");
      caller.hear = null;
    } else if (this.#order.hasTurn(caller)) {
      const now = this.#elapsed();
      this.#order.denied(caller, { line, askAt: now + AGAIN_MS, now });
      if (now >= caller.untilMs) this.#isLate(caller, line);
      else this.#pump(line);
    }
  }
}

type OfOne = {
  turn(): Promise<Turn>;
  denied(line: string, askInMs: number): void;
  served(): void;
  leave(): void;
};

/** One call's place in the lines, until it is through or gone. Every end may be called twice. */
export class Place {
  /** its position on arrival, and the expected wait at the recent pace */
  readonly told: { readonly place: number; readonly expectedMs: number | null };
  readonly #lines: OfOne;
  readonly #over: () => void;

  constructor(input: { told: Place["told"]; lines: OfOne; over: () => void }) {
    this.told = input.told;
    this.#lines = input.lines;
    this.#over = input.over;
  }

  /** Resolves when it is this call's turn to ask, or with why it stops waiting. After a turn: `denied` or `served`. */
  turn(): Promise<Turn> {
    return this.#lines.turn();
  }

  /** There was no room: it waits in this line, and need not ask sooner. */
  denied(line: string, askInMs: number): void {
    this.#lines.denied(line, askInMs);
  }

  served(): void {
    this.#over();
    this.#lines.served();
  }

  leave(): void {
    this.#over();
    this.#lines.leave();
  }
}
