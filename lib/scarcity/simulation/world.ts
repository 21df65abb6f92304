import type { Priority } from "@/lib/limits/rules/priority";
import { mayAsk } from "../fairness/offer";
import type { QueueConstants } from "../order/constants";
import type { Waiter } from "../order/line";
import { QueueOrder } from "../order/queue-order";
import { Events } from "./events";

/** One call and its arrival time, from a trace or a seed. */
export type Arrival = {
  readonly at: number;
  readonly tenantId: string;
  readonly priority: Priority;
  readonly weight: number;
  /** micro-dollars; what it takes of the scarce resource and settles at */
  readonly cost: number;
  /** from its grant to its settlement, ms */
  readonly runMs: number;
};

export type Ended = Arrival & {
  readonly process: number;
  readonly how: "served" | "late" | "full" | "pushed out";
  readonly waitedMs: number;
  /** better calls of other processes that were served after this one */
  readonly inverted: number;
};

type Waiting = Waiter & { readonly call: Arrival; readonly process: number };
type Process = { readonly order: QueueOrder<Waiting>; wakeAt: number };

/** When a process whose best call must let another's go first asks again, ms. */
const AGAIN_MS = 100;
const LINE = "provider";

/**
 * Several processes in front of one bucket that all calls need: the queue's own code under a virtual clock. Real round
 * trips take no time here. Costs are shared at each offer, as the store shares them.
 */
export class World {
  readonly events = new Events();
  readonly ended: Ended[] = [];
  /** the most that waited at the same time, over all processes */
  mostWaiting = 0;
  readonly #constants: QueueConstants;
  readonly #perMs: number;
  readonly #burst: number;
  readonly #processes: readonly Process[];
  readonly #shared = new Map<string, number>();
  readonly #slack: number;
  #level: number;
  #levelAt = 0;
  #waiting = 0;

  constructor(input: {
    readonly constants: QueueConstants;
    /** micro-dollars that the resource gives per ms, and at once */
    readonly perMs: number;
    readonly burst: number;
    readonly processes: number;
    readonly largest: number;
    readonly random: () => number;
  }) {
    const { constants, perMs, burst, processes, largest, random } = input;
    this.#constants = constants;
    this.#perMs = perMs;
    this.#burst = burst;
    this.#level = burst;
    this.#slack = processes * largest;
    this.#processes = Array.from({ length: processes }, () => ({
      order: new QueueOrder<Waiting>(() => constants, random),
      wakeAt: Number.POSITIVE_INFINITY,
    }));
  }

  /** Runs all arrivals to their end. */
  run(arrivals: readonly Arrival[], processOf: (index: number) => number = () => 0): readonly Ended[] {
    for (const _ of this.slices(arrivals, processOf));
    return this.ended;
  }

  /** The same with pauses, so that the process can do other work; the outcome is in `ended`. */
  *slices(arrivals: readonly Arrival[], processOf: (index: number) => number = () => 0): Generator<void, void> {
    for (const [index, call] of arrivals.entries()) this.events.at(call.at, () => this.#come(call, processOf(index)));
    yield* this.events.slices();
  }

  #come(call: Arrival, number: number): void {
    const process = this.#processes[number];
    if (process === undefined) throw new Error("no such process");
    const { now } = this.events;
    const { tenantId, priority, weight } = call;
    const waiter: Waiting = { tenantId, priority, weight, since: now, bytes: 1000, call, process: number };
    const entered = process.order.enter(waiter, { line: LINE, askAt: now, now });
    if (entered.kind === "full") {
      this.#end(waiter, "full");
      return;
    }
    this.#waiting += 1 - entered.pushedOut.length;
    for (const one of entered.pushedOut) this.#end(one, "pushed out");
    this.mostWaiting = Math.max(this.mostWaiting, this.#waiting);
    this.events.at(now + this.#constants.waitMs[priority], () => this.#late(waiter));
    this.#pump(process);
  }

  #late(waiter: Waiting): void {
    const process = this.#processes[waiter.process];
    if (process?.order.late(waiter, this.events.now) !== true) return;
    this.#waiting -= 1;
    this.#end(waiter, "late");
    this.#pump(process);
  }

  #pump(process: Process): void {
    const { now } = this.events;
    for (;;) {
      const step = process.order.next(LINE, now);
      if (step.kind === "wait") this.#wake(process, step.untilMs);
      if (step.kind !== "ask") return;
      const { waiter } = step;
      const others = this.#offers(process);
      const own = { band: this.#bandOf(process), cost: process.order.costs.of(waiter.tenantId) };
      const waitMs = mayAsk(own, others, this.#slack) ? this.#take(waiter.call.cost) : AGAIN_MS;
      if (waitMs > 0) {
        process.order.denied(waiter, { line: LINE, askAt: now + waitMs, now });
        continue;
      }
      const inverted = others.filter(
        (one) => one.band < own.band || (one.band === own.band && one.cost < own.cost),
      ).length;
      process.order.served(waiter, now);
      this.#waiting -= 1;
      this.#end(waiter, "served", inverted);
      this.#charge(process, waiter);
    }
  }

  #charge({ order }: Process, { call }: Waiting): void {
    const { guessMicroUsd } = this.#constants;
    order.costs.charge(call.tenantId, guessMicroUsd, call.weight);
    const settle = () => order.costs.charge(call.tenantId, call.cost - guessMicroUsd, call.weight);
    this.events.at(this.events.now + call.runMs, settle);
  }

  #bandOf({ order }: Process): number {
    return order.offerOf(LINE, this.events.now)?.band ?? 0;
  }

  /** The other processes' best calls, once all processes know all charges. */
  #offers(own: Process) {
    if (this.#processes.length === 1) return [];
    for (const { order } of this.#processes) {
      for (const { tenantId, cost, atLeast } of order.costs.takeNews())
        this.#shared.set(tenantId, Math.max(atLeast, this.#shared.get(tenantId) ?? 0) + cost);
    }
    for (const { order } of this.#processes) {
      for (const [tenantId, cost] of this.#shared) order.costs.learn(tenantId, cost);
    }
    return this.#processes.flatMap((one) => (one === own ? [] : (one.order.offerOf(LINE, this.events.now) ?? [])));
  }

  /** 0 = taken; else ms until it would fit. */
  #take(cost: number): number {
    const { now } = this.events;
    this.#level = Math.min(this.#burst, this.#level + (now - this.#levelAt) * this.#perMs);
    this.#levelAt = now;
    const asked = Math.min(cost, this.#burst);
    // A difference below a millionth is rounding.
    if (this.#level + 1e-6 < asked) return Math.max(1, Math.ceil((asked - this.#level) / this.#perMs));
    this.#level -= asked;
    return 0;
  }

  #wake(process: Process, at: number): void {
    if (process.wakeAt <= at && process.wakeAt > this.events.now) return;
    process.wakeAt = at;
    this.events.at(at, () => {
      if (process.wakeAt === at) process.wakeAt = Number.POSITIVE_INFINITY;
      this.#pump(process);
    });
  }

  #end(waiter: Waiting, how: Ended["how"], inverted = 0): void {
    this.ended.push({
      ...waiter.call,
      process: waiter.process,
      how,
      waitedMs: this.events.now - waiter.since,
      inverted,
    });
  }
}
