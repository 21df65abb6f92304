import { SLOT_ALGORITHMS } from "../algorithms/registry";
import type { AppliedLimit } from "../plan";
import type { Amounts } from "../rules/dimensions";
import type { Slot } from "../slot";

/** Past calls in order of their start, by index, so a million calls need no objects. */
export type Past = {
  readonly count: number;
  /** epoch ms */
  beganAt(index: number): number;
  endedAt(index: number): number;
  /** the checks of one call; the list may be reused between calls */
  limitsOf(index: number): readonly AppliedLimit[];
  reservedBy(index: number): Amounts;
  usedBy(index: number): Amounts;
};

/**
 * Replays calls under other limits and reports which would have been refused, and by which limit first. Uses the
 * deciding algorithms on its own empty counters. A refused call uses nothing. `refused` is called in order. Retries
 * that refusals would have caused are not simulated.
 */
export function replay(past: Past, refused: (index: number, limit: AppliedLimit) => void): void {
  const slots = new Map<string, Slot>();
  const leases = new Map<string, number>();
  const running = new Ends();
  for (let index = 0; index < past.count; index++) {
    const now = past.beganAt(index);
    for (let ended = running.before(now); ended !== null; ended = running.before(now)) settle(ended);
    const limits = past.limitsOf(index);
    const amounts = past.reservedBy(index);
    const failed = firstThatFails(limits, amounts, now);
    if (failed !== null) refused(index, failed);
    else take(index, limits, amounts, now);
  }

  function firstThatFails(limits: readonly AppliedLimit[], amounts: Amounts, now: number): AppliedLimit | null {
    for (const limit of limits) {
      const { rule, counter } = limit;
      const cost = amounts[limit.dimension];
      if (cost === 0 || limit.observe) continue;
      if (rule.algorithm === "concurrency") {
        if ((leases.get(counter) ?? 0) + cost > rule.capacity) return limit;
        continue;
      }
      const algorithm = SLOT_ALGORITHMS[rule.algorithm];
      if (!algorithm.fits(rule, algorithm.level(rule, slots.get(counter), now), cost)) return limit;
    }
    return null;
  }

  function take(index: number, limits: readonly AppliedLimit[], amounts: Amounts, now: number): void {
    for (const { rule, counter, dimension } of limits) {
      const cost = amounts[dimension];
      if (cost === 0) continue;
      if (rule.algorithm === "concurrency") {
        leases.set(counter, (leases.get(counter) ?? 0) + cost);
        continue;
      }
      const algorithm = SLOT_ALGORITHMS[rule.algorithm];
      slots.set(counter, algorithm.take(rule, algorithm.advance(rule, slots.get(counter), now), cost));
    }
    running.add({ at: past.endedAt(index), began: now, call: index, limits, amounts });
  }

  function settle({ call, limits, amounts, began, at }: End): void {
    const actual = past.usedBy(call);
    for (const { rule, counter, dimension } of limits) {
      const cost = amounts[dimension];
      if (cost === 0) continue;
      if (rule.algorithm === "concurrency") {
        leases.set(counter, (leases.get(counter) ?? cost) - cost);
        continue;
      }
      const algorithm = SLOT_ALGORITHMS[rule.algorithm];
      const slot = algorithm.advance(rule, slots.get(counter), at);
      slots.set(counter, algorithm.correct(rule, slot, actual[dimension] - cost, began));
    }
  }
}

type End = {
  readonly at: number;
  readonly began: number;
  readonly call: number;
  readonly limits: readonly AppliedLimit[];
  readonly amounts: Amounts;
};

/** Running calls by end time, in a binary heap, because hundreds run at once on a busy day. */
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

  /** Removes and returns the earliest that ended by `now`; null when none has. */
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
