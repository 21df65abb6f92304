/** Work that yields where it may be interrupted, every fraction of a millisecond. */
export type Steps<T> = Generator<void, T>;

/** How long the process works on bodies before it looks at its sockets again. */
const SLICE_MS = 3;

/** Goes on until the given time. True: done. */
type Run = (until: number) => boolean;

/**
 * Work that is heavy for one thread, such as a body of megabytes: a few ms per turn of the event loop, and each turn is
 * another key's. A key's own jobs go one after the other, so one that sends much waits for itself, and the others' small
 * calls are a few ms late at most. A worker thread would not help: the parsed value has to be built on this thread anyway.
 */
export class Turns {
  /** by key; one that was served goes to the end. The first of a key's jobs may have begun. */
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
    while (now < until && this.#serveNext(until)) now = this.#now();
    this.#leftMs -= now - began;
    this.#nextTurn ??= setImmediate(() => {
      this.#nextTurn = null;
      this.#leftMs = SLICE_MS;
      if (this.#size > 0) this.#slice();
    });
  }

  /** The first job of the key whose turn it is. False: there is none. */
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
    // What a job let begin may have put more behind it meanwhile.
    const more = this.#waiting.get(key) ?? [];
    if (jobs.length + more.length > 0) {
      this.#waiting.delete(key);
      this.#waiting.set(key, [...jobs, ...more]);
    }
    return true;
  }
}
