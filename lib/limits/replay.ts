import { SLOT_ALGORITHMS } from "./algorithms/registry";
import { type Hold, reserve, settleHold } from "./charge";
import { type CounterView, stateOf } from "./decide";
import type { Amounts } from "./dimensions";
import type { Check } from "./plan";
import type { Slot } from "./slot";

/** Calls as they were, in the order in which they began, by index: so that a million of them need no objects of their own. */
export type Past = {
  readonly count: number;
  /** epoch ms */
  beganAt(index: number): number;
  endedAt(index: number): number;
  /** what it would be checked against, priced with what was reserved */
  checksOf(index: number): readonly Check[];
  usedBy(index: number): Amounts;
};

/**
 * Plays calls again under other limits: which of them would have been refused, and by which check first. The same
 * arithmetic as decides, on counters of its own that begin empty; a call that is refused takes nothing, as it would have.
 * `refused` is told in order. Callers that would have come back later are not: the past does not know of them.
 */
export function replay(past: Past, refused: (index: number, check: Check) => void): void {
  const slots = new Map<string, Slot>();
  const leases = new Map<string, number>();
  const running = new Ends();
  const view: CounterView = { slot: (counter) => slots.get(counter), leases: (counter) => leases.get(counter) ?? 0 };
  for (let index = 0; index < past.count; index++) {
    const now = past.beganAt(index);
    for (let ended = running.before(now); ended !== null; ended = running.before(now))
      settle(ended.call, ended.holds, ended.leased, ended.at);
    const checks = past.checksOf(index);
    const failed = checks.find((check) => !check.observe && !fits(check, view, now));
    if (failed !== undefined) refused(index, failed);
    else take(index, checks, now);
  }

  function take(index: number, checks: readonly Check[], now: number): void {
    const holds: Hold[] = [];
    const leased: string[] = [];
    for (const check of checks) {
      if (check.rule.algorithm === "concurrency") {
        leases.set(check.counter, (leases.get(check.counter) ?? 0) + check.cost);
        leased.push(check.counter);
        continue;
      }
      const { slot, hold } = reserve(check, slots.get(check.counter), now);
      slots.set(check.counter, slot);
      holds.push(hold);
    }
    running.add({ at: past.endedAt(index), call: index, holds, leased });
  }

  function settle(call: number, holds: readonly Hold[], leased: readonly string[], at: number): void {
    const actual = past.usedBy(call);
    for (const hold of holds) {
      const slot = settleHold(hold, actual, slots.get(hold.counter), at);
      if (slot !== null) slots.set(hold.counter, slot);
    }
    for (const counter of leased) leases.set(counter, (leases.get(counter) ?? 1) - 1);
  }
}

/** Whether one check fits, without the wait that a refusal would be told. */
function fits(check: Check, view: CounterView, now: number): boolean {
  if (check.rule.algorithm === "concurrency") return stateOf(check, view, now).waitMs === 0;
  const algorithm = SLOT_ALGORITHMS[check.rule.algorithm];
  return algorithm.fits(check.rule, algorithm.advance(check.rule, view.slot(check.counter), now), check.cost, now);
}

type End = {
  readonly at: number;
  readonly call: number;
  readonly holds: readonly Hold[];
  readonly leased: readonly string[];
};

/** Running calls by when they end: a binary heap, as hundreds of them run at any moment of a busy day. */
class Ends {
  readonly #heap: End[] = [];

  add(end: End): void {
    const heap = this.#heap;
    heap.push(end);
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      const [above, here] = [heap[parent], heap[at]];
      if (above === undefined || here === undefined || above.at <= here.at) break;
      [heap[parent], heap[at]] = [here, above];
      at = parent;
    }
  }

  /** The earliest that ended by `now`, taken out; null when none has. */
  before(now: number): End | null {
    const heap = this.#heap;
    const first = heap[0];
    if (first === undefined || first.at > now) return null;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let at = 0; ; ) {
      const [left, right] = [2 * at + 1, 2 * at + 2];
      let least = at;
      if ((heap[left]?.at ?? Number.POSITIVE_INFINITY) < (heap[least]?.at ?? 0)) least = left;
      if ((heap[right]?.at ?? Number.POSITIVE_INFINITY) < (heap[least]?.at ?? 0)) least = right;
      const [here, there] = [heap[at], heap[least]];
      if (least === at || here === undefined || there === undefined) return first;
      [heap[at], heap[least]] = [there, here];
      at = least;
    }
  }
}
