/** Work that yields several times per millisecond. */
export type Steps<T> = Generator<void, T>;

/** Time slice for bodies before the process serves its sockets again. */
const SLICE_MS = 3;

/** Runs until the given time. True = done. */
type Run = (until: number) => boolean;

/**
 * Runs heavy work, such as parsing a body of megabytes, for a few ms per turn of the event loop. Each turn belongs to
 * another key, and a key's jobs run one after the other. So a key that sends much delays itself, and small calls of
 * other keys are at most a few ms late. A worker thread would not help, because the parsed value has to be built on
 * this thread anyway.
 */
export class Turns {
  /** by key; a served key goes to the end. The first job of a key may have started. */
  readonly #waiting = new Map<string, Run[]>();
  readonly #now: () => number;
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

  /** Runs the steps in the key's turn. An idle process starts immediately, so small work is done when this returns. */
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

  /** Works until this turn's time slice is used up. */
  #slice(): void {
    const began = this.#now();
    const until = began + this.#leftMs;
    let now = began;
    while (now < until && this.#serveNext(until)) now = this.#now();
    this.#leftMs -= now - began;
    this.#nextTurn ??= setImmediate(() => {
      this.#nextTurn = null;
      this.#leftMs = SLICE_MS;
      if (this.#size > 0) this.#slice();
    });
  }

  /** Runs the first job of the key whose turn it is. False = no job. */
  #serveNext(until: number): boolean {
    const [next] = this.#waiting;
    if (next === undefined) return false;
    const [key, jobs] = next;
    this.#waiting.delete(key);
    const isDone = jobs[0]?.(until) ?? true;
    if (isDone) {
      jobs.shift();
      this.#size -= 1;
    }
    // A finished job may have started code that queued more jobs.
    const more = this.#waiting.get(key) ?? [];
    if (jobs.length + more.length > 0) {
      this.#waiting.delete(key);
      this.#waiting.set(key, [...jobs, ...more]);
    }
    return true;
  }
}
