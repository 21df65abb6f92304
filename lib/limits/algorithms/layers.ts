import { NO_MARKS } from "../slot";

/**
 * The layers of a bucket make a refund exact while the bucket leaks. A bucket is a stack: each call lays its
 * reservation on top, and the leak takes from the top. So the units at and below a call's layer are the bucket's lowest
 * level since that call began. A refund may take only those: the rest has leaked already.
 *
 * Law: admitted at each moment is what would have been admitted if every call settled by then had reserved what it
 * really used. Proof in docs/limits.md.
 *
 * Three numbers per layer, oldest first: time from which its calls began (ms), how many of them run, units. The first
 * layer's units are a level. It may lie below the floor: then it is what could not leak since its calls began. The
 * other layers' units are increments. Their sum is the bucket's level. Only the last layer may have no running calls.
 *
 * At most `LAYERS_MAX` layers are kept, so refunds are exact for that many calls at once. With more, neighbours share a
 * layer: then a little less may be given back, never more.
 */
export type Layers = readonly number[];

export const LAYERS_MAX = 128;
const WIDTH = 3;
/** Layers that lift the bucket by less than this part join first. */
export const LEAST_STEP = 1 / 16;

/** The layers after the bucket leaked from `level + amount` to `level`, which is above the floor. */
export function leaked(marks: Layers, level: number, amount: number): Layers {
  if (marks.length === 0) return marks;
  const left = [...marks];
  let gone = amount;
  while (left.length > WIDTH && unitsAt(left, left.length - WIDTH) <= gone) {
    const [, running = 0, units = 0] = left.splice(-WIDTH);
    gone -= units;
    left[left.length - 2] = runningAt(left, left.length - WIDTH) + running;
  }
  const top = left.length - WIDTH;
  left[top + 2] = top === 0 ? Math.min(unitsAt(left, 0), level) : unitsAt(left, top) - gone;
  return left;
}

/** The layers after the bucket leaked to its floor and `vain` further units could not leak. */
export function drained(marks: Layers, floor: number, vain: number): Layers {
  if (marks.length === 0) return marks;
  let running = 0;
  for (let at = 0; at < marks.length; at += WIDTH) running += runningAt(marks, at);
  // With several layers, all calls share only the idle time from now on.
  const before = marks.length === WIDTH ? Math.min(unitsAt(marks, 0), floor) : floor;
  return running === 0 ? NO_MARKS : [marks[0] ?? 0, running, before - vain];
}

/** The layers after a call that begins `at` laid `cost` units on a bucket at `level`. */
export function laid(marks: Layers, input: { at: number; level: number; cost: number; floor: number }): Layers {
  const { at, level, cost, floor } = input;
  const top = marks.length - WIDTH;
  // An empty bucket owes no refund: its running calls need no layer.
  if (top < 0 || (top === 0 && unitsAt(marks, 0) <= floor)) return [at, 1, level + cost];
  const [began = 0, running = 0, units = 0] = marks.slice(top);
  const below = marks.slice(0, top);
  if (began >= at) return [...below, began, running + 1, units + cost];
  if (running === 0) return [...below, at, 1, units + cost];
  if (marks.length < WIDTH * LAYERS_MAX) return [...marks, at, 1, cost];
  let { kept, above } = thinned(marks, floor, LEAST_STEP);
  for (let step = LEAST_STEP * 2; kept.length > (WIDTH * LAYERS_MAX) / 2; step *= 2) {
    ({ kept, above } = thinned(marks, floor, step));
  }
  return [...kept, at, 1, above + cost];
}

/**
 * Fewer layers: one that lifts the bucket by less than `step` of what lies below joins the layer below it, and its
 * units go to the layer above. Its calls can then take back that much less. `above` is left for the next layer.
 */
function thinned(marks: Layers, floor: number, step: number): { kept: number[]; above: number } {
  const kept = marks.slice(0, WIDTH);
  let height = Math.max(0, unitsAt(marks, 0) - floor);
  let [below, above] = [height, 0];
  for (let at = WIDTH; at < marks.length; at += WIDTH) {
    height = height + unitsAt(marks, at);
    if (height <= below + below * step) {
      const last = kept.length - WIDTH;
      kept[last + 1] = runningAt(kept, last) + runningAt(marks, at);
      above = above + unitsAt(marks, at);
    } else {
      kept.push(marks[at] ?? 0, runningAt(marks, at), above + unitsAt(marks, at));
      [below, above] = [height, 0];
    }
  }
  return { kept, above };
}

/**
 * Settles a call that began at `began` with `delta` = actual - reserved. Returns how far the level moves, and the
 * layers after it. A call whose layer is gone gets nothing back and is charged in full.
 */
export function settled(
  marks: Layers,
  input: { began: number; delta: number; floor: number; at: number },
): { moved: number; marks: Layers } {
  const { began, delta, floor, at } = input;
  const own = layerOf(marks, began);
  if (own < 0) return { moved: Math.max(0, delta), marks: delta > 0 ? topped(marks, delta, at) : marks };
  const left = [...marks];
  let moved = 0;
  if (own === 0 && unitsAt(left, 0) < floor) moved = Math.max(0, delta + (unitsAt(left, 0) - floor));
  else if (delta > 0) moved = delta;
  for (let need = 0 - delta, from = own; need > 0 && from >= 0; from -= WIDTH) {
    const room = from === 0 ? unitsAt(left, 0) - floor : unitsAt(left, from);
    const taken = Math.min(need, Math.max(0, room));
    left[from + 2] = unitsAt(left, from) - taken;
    need -= taken;
    moved -= taken;
  }
  const grown = moved > 0 ? lifted(left, own, moved, at) : left;
  return { moved, marks: finished(grown, own, floor) };
}

/** The newest layer that holds calls begun at `began`; -1 when there is none. */
function layerOf(marks: Layers, began: number): number {
  for (let at = marks.length - WIDTH; at >= 0; at -= WIDTH) {
    if ((marks[at] ?? 0) <= began && runningAt(marks, at) > 0) return at;
  }
  return -1;
}

/** An overrun lies above its call's layer: calls that began earlier must not take it back. */
function lifted(marks: Layers, own: number, units: number, at: number): number[] {
  const left = [...marks];
  const next = own + WIDTH;
  if (next < left.length) left[next + 2] = unitsAt(left, next) + units;
  else left.push(at, 0, units);
  return left;
}

function topped(marks: Layers, units: number, at: number): Layers {
  if (marks.length === 0) return marks;
  const top = marks.length - WIDTH;
  return lifted(marks, runningAt(marks, top) === 0 ? top - WIDTH : top, units, at);
}

/** Ends one call of a layer. A layer without running calls joins the one above it, as nobody may take from it. */
function finished(marks: Layers, own: number, floor: number): Layers {
  const left = [...marks];
  left[own + 1] = runningAt(left, own) - 1;
  if (runningAt(left, own) === 0 && own + WIDTH < left.length) {
    const units = own === 0 ? Math.max(unitsAt(left, own), floor) : unitsAt(left, own);
    left.splice(own, WIDTH);
    left[own + 2] = units + unitsAt(left, own);
  }
  return left.length === WIDTH && runningAt(left, 0) === 0 ? NO_MARKS : left;
}

function runningAt(marks: Layers, at: number): number {
  return marks[at + 1] ?? 0;
}

function unitsAt(marks: Layers, at: number): number {
  return marks[at + 2] ?? 0;
}
