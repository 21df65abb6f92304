/** Callers in one line at most: beyond it waiting would only move the problem. */
const LINE_MAX = 100;

type Line = { length: number; tail: Promise<void> };

/**
 * Lines of callers who wait for their turn, by name; first come, first served, within this process. Whoever is at the head
 * stays there until it leaves. Nothing is held for those who wait: they have not been admitted yet.
 */
export class WaitingLines {
  readonly #lines = new Map<string, Line>();

  /** How many are in a line, its head included. */
  length(name: string): number {
    return this.#lines.get(name)?.length ?? 0;
  }

  /** Resolves at the head of the line, with how to leave it. Null: the line is full, it took too long, or the caller left. */
  async enter(name: string, withinMs: number, signal: AbortSignal): Promise<(() => void) | null> {
    const line = this.#lines.get(name) ?? { length: 0, tail: Promise.resolve() };
    if (line.length >= LINE_MAX || signal.aborted) return null;
    this.#lines.set(name, line);
    line.length += 1;
    let hasLeft = false;
    let done: () => void = () => undefined;
    const own = new Promise<void>((resolve) => {
      done = resolve;
    });
    const leave = () => {
      if (hasLeft) return;
      hasLeft = true;
      line.length -= 1;
      if (line.length === 0) this.#lines.delete(name);
      done();
    };
    const before = line.tail;
    line.tail = before.then(() => own);
    const settled = new AbortController();
    const tooLong = pause(withinMs, AbortSignal.any([signal, settled.signal])).then(() => false);
    const isHead = await Promise.race([before.then(() => true), tooLong]);
    settled.abort();
    if (isHead && !signal.aborted) return leave;
    leave();
    return null;
  }
}

/** Resolves after `ms`, or at once when the signal goes off. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
