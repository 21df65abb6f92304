/** Work that yields where it may be interrupted, every fraction of a millisecond. */
export type Steps<T> = Generator<void, T>;

/** How long the process works on bodies before it looks at its sockets again. */
const SLICE_MS = 3;

/** Goes on until the given time. True: done. */
type Run = (until: number) => boolean;

/**
 * Work that is heavy for one thread, such as a body of megabytes: one job at a time, a few ms per turn of the event loop,
 * and between jobs it is the next key's turn. So a key that sends much waits for itself, and the others' small calls are a
 * few ms late at most. A worker thread would not help: the parsed value has to be built on this thread in any case.
 */
export class Turns {
  /** by key; a key that was served goes to the end */
  readonly #waiting = new Map<string, Run[]>();
  readonly #now: () => number;
  #running: Run | null = null;
  #nextTurn: NodeJS.Immediate | null = null;
  /** of this turn of the loop */
  #leftMs = SLICE_MS;
  #size = 0;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** jobs that wait or run */
  get size(): number {
    return this.#size;
  }

  /** Runs the steps in the key's turn. An idle process begins at once: what is small is done when this returns. */
  run<T>(key: string, steps: Steps<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const run = (until: number): boolean => {
        try {
          do {
            const step = steps.next();
            if (step.done !== true) continue;
            resolve(step.value);
            return true;
          } while (this.#now() < until);
          return false;
        } catch (error) {
          reject(error);
          return true;
        }
      };
      const jobs = this.#waiting.get(key);
      if (jobs === undefined) this.#waiting.set(key, [run]);
      else jobs.push(run);
      this.#size += 1;
      if (this.#leftMs > 0) this.#slice();
    });
  }

  /** Works until this turn's time is used up; the next turn of the loop has its own. */
  #slice(): void {
    const began = this.#now();
    const until = began + this.#leftMs;
    let now = began;
    while (now < until) {
      this.#running ??= this.#next();
      if (this.#running === null) break;
      if (this.#running(until)) {
        this.#running = null;
        this.#size -= 1;
      }
      now = this.#now();
    }
    this.#leftMs -= now - began;
    this.#nextTurn ??= setImmediate(() => {
      this.#nextTurn = null;
      this.#leftMs = SLICE_MS;
      if (this.#size > 0) this.#slice();
    });
  }

  #next(): Run | null {
    for (const [key, jobs] of this.#waiting) {
      const run = jobs.shift();
      this.#waiting.delete(key);
      if (jobs.length > 0) this.#waiting.set(key, jobs);
      if (run !== undefined) return run;
    }
    return null;
  }
}
