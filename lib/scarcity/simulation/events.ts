/** Events that run in one slice. */
const SLICE = 200;

/** Events of a virtual clock: the earliest first, equals in the order they were added. */
export class Events {
  readonly #heap: { readonly at: number; readonly order: number; readonly run: () => void }[] = [];
  #order = 0;
  now = 0;

  at(at: number, run: () => void): void {
    const heap = this.#heap;
    heap.push({ at: Math.max(at, this.now), order: this.#order++, run });
    for (let child = heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1;
      if (!this.#swapIfLater(parent, child)) break;
      child = parent;
    }
  }

  /** Runs until nothing is left. */
  run(): void {
    for (const _ of this.slices());
  }

  /** The same with a pause after each slice, so that the process can do other work. */
  *slices(): Generator<void, void> {
    let left = SLICE;
    for (let event = this.#take(); event !== undefined; event = this.#take()) {
      this.now = event.at;
      event.run();
      left -= 1;
      if (left > 0) continue;
      left = SLICE;
      yield;
    }
  }

  #take() {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    heap[0] = last;
    for (let parent = 0; ; ) {
      const left = 2 * parent + 1;
      const child = left + 1 < heap.length && this.#isLater(left, left + 1) ? left + 1 : left;
      if (child >= heap.length || !this.#swapIfLater(parent, child)) return first;
      parent = child;
    }
  }

  #isLater(one: number, other: number): boolean {
    const [a, b] = [this.#heap[one], this.#heap[other]];
    if (a === undefined || b === undefined) return false;
    return a.at > b.at || (a.at === b.at && a.order > b.order);
  }

  #swapIfLater(parent: number, child: number): boolean {
    if (!this.#isLater(parent, child)) return false;
    const [a, b] = [this.#heap[parent], this.#heap[child]];
    if (a === undefined || b === undefined) return false;
    this.#heap[parent] = b;
    this.#heap[child] = a;
    return true;
  }
}

/** mulberry32: 0 to 1, the same for the same seed everywhere. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
