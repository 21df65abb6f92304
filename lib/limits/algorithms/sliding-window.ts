import type { Rule } from "../rules/rule";
import { NO_MARKS } from "../slot";
import type { Algorithm } from "./algorithm";

/**
 * A true sliding window: never more than the capacity in any window of its length. The calls of the window are kept as
 * entries, two numbers each, oldest first: time (ms), units. Neighbours whose sum is at most 1/64 of the capacity share
 * an entry, which leaves the window when its newest call does. So at most 1/64 of the capacity counts for longer than
 * it must, and a capacity below 128 is exact. A refund is taken from its call's entry, and what that lacks from later ones:
 * a caller whose clock is behind has its units in an entry of its time or later. An overrun is added at its call's start
 * time. Worst case in any window: the capacity. Use it where a contract says "at most N in any minute".
 * Costs up to 2 kB per subject where a bucket costs 19 bytes.
 */
export const slidingWindow: Algorithm = {
  advance(rule, slot, now) {
    if (slot === undefined) return { a: 0, b: 0, t: now, marks: NO_MARKS };
    const { a, t, marks } = slot;
    let [left, from] = [a, 0];
    while (from < marks.length && timeAt(marks, from) + rule.periodMs <= now) {
      left -= unitsAt(marks, from);
      from += WIDTH;
    }
    return { a: left, b: 0, t: Math.max(t, now), marks: from === 0 ? marks : marks.slice(from) };
  },
  level(rule, slot, now) {
    if (slot === undefined) return 0;
    let left = slot.a;
    for (let at = 0; at < slot.marks.length && timeAt(slot.marks, at) + rule.periodMs <= now; at += WIDTH) {
      left -= unitsAt(slot.marks, at);
    }
    return left;
  },
  fits(rule, level, cost) {
    return level <= rule.capacity - cost;
  },
  guessWaitMs(rule, slot, { cost, now }) {
    const marks = slot?.marks ?? NO_MARKS;
    let over = (slot?.a ?? 0) + cost - rule.capacity;
    for (let at = 0; at < marks.length; at += WIDTH) {
      over -= unitsAt(marks, at);
      if (over <= 0) return timeAt(marks, at) + rule.periodMs - now;
    }
    return rule.periodMs;
  },
  take(rule, slot, cost) {
    const { a, t, marks } = slot;
    const last = marks.length - WIDTH;
    const joins = last >= 0 && (timeAt(marks, last) >= t || unitsAt(marks, last) + cost <= shareOf(rule));
    const kept = joins ? marks.slice(0, last) : marks;
    const units = joins ? unitsAt(marks, last) + cost : cost;
    return { a: a + cost, b: 0, t, marks: fewer(rule, [...kept, t, units]) };
  },
  correct(rule, slot, delta, reservedAt) {
    const { a, t, marks } = slot;
    if (delta === 0 || reservedAt + rule.periodMs <= t) return slot;
    let at = 0;
    while (at < marks.length && timeAt(marks, at) < reservedAt) at += WIDTH;
    if (delta > 0) {
      const own = at < marks.length && timeAt(marks, at) === reservedAt;
      const entry = own ? [reservedAt, unitsAt(marks, at) + delta] : [reservedAt, delta];
      const after = marks.slice(own ? at + WIDTH : at);
      return { a: a + delta, b: 0, t, marks: fewer(rule, [...marks.slice(0, at), ...entry, ...after]) };
    }
    let [back, end] = [0 - delta, at];
    while (end < marks.length && unitsAt(marks, end) <= back) {
      back -= unitsAt(marks, end);
      end += WIDTH;
    }
    const after = marks.slice(end);
    if (after.length > 0) after.splice(1, 1, unitsAt(marks, end) - back);
    const taken = 0 - delta - (after.length > 0 ? 0 : back);
    return { a: a - taken, b: 0, t, marks: [...marks.slice(0, at), ...after] };
  },
  restMs(rule, { marks }, now) {
    return marks.length === 0 ? 0 : timeAt(marks, marks.length - WIDTH) + rule.periodMs - now;
  },
  emptyInMs(rule, level) {
    return level > 0 ? rule.periodMs : 0;
  },
};

const WIDTH = 2;
/** An entry of several calls holds at most this part of the capacity. */
const ENTRY_SHARE = 64;
/** Two neighbours hold more than 1/64 together, so a full window has at most 129 entries; overruns may add some. */
export const ENTRIES_MAX = 192;

function shareOf(rule: Rule): number {
  return Math.floor(rule.capacity / ENTRY_SHARE);
}

/** Bounds the entries: neighbours join, small ones first. Only a window deep in debt joins larger ones. */
function fewer(rule: Rule, marks: readonly number[]): readonly number[] {
  let few = marks;
  for (let most = shareOf(rule); few.length > WIDTH * ENTRIES_MAX; most = most * 2 + 1) few = joined(few, most);
  return few;
}

function joined(marks: readonly number[], most: number): number[] {
  const out: number[] = [];
  for (let at = 0; at < marks.length; at += WIDTH) {
    const last = out.length - WIDTH;
    const sum = unitsAt(out, last) + unitsAt(marks, at);
    if (last >= 0 && sum <= most) out.splice(last, WIDTH, timeAt(marks, at), sum);
    else out.push(timeAt(marks, at), unitsAt(marks, at));
  }
  return out;
}

function timeAt(marks: readonly number[], at: number): number {
  return marks[at] ?? 0;
}

function unitsAt(marks: readonly number[], at: number): number {
  return marks[at + 1] ?? 0;
}
