/** Callers in one line at most: beyond it waiting would only move the problem. */
const LINE_MAX = 100;

type Waiting = { readonly rank: number; readonly end: (isHead: boolean) => void };
/** A line exists while somebody is at its head. */
type Line = { readonly waiting: Waiting[] };

/**
 * Lines of callers who wait for their turn, by name: the more urgent first, and among equals who came first; within this
 * process. The head stays there until it leaves. Nothing is held for those who wait: they have not been
 * admitted yet.
 */
export class WaitingLines {
  readonly #lines = new Map<string, Line>();

  /** How many are in all lines, their heads included. */
  get size(): number {
    return [...this.#lines.keys()].reduce((sum, name) => sum + this.length(name), 0);
  }

  /** How many are in a line, its head included. */
  length(name: string): number {
    const line = this.#lines.get(name);
    return line === undefined ? 0 : line.waiting.length + 1;
  }

  /**
   * Resolves at the head of the line, with how to leave it. Null: it took too long, the caller left, or the line is full of
   * callers who are as urgent; a less urgent one gives way. `rank`: 0 is the most urgent.
   */
  async enter(name: string, withinMs: number, signal: AbortSignal, rank = 0): Promise<(() => void) | null> {
    if (signal.aborted) return null;
    const line = this.#lines.get(name);
    if (line === undefined) {
      const first: Line = { waiting: [] };
      this.#lines.set(name, first);
      return this.#leaving(name, first);
    }
    if (this.length(name) >= LINE_MAX && !givesWay(line, rank)) return null;
    const isHead = await waitIn(line, rank, withinMs, signal);
    if (!isHead) return null;
    const leave = this.#leaving(name, line);
    if (!signal.aborted) return leave;
    leave();
    return null;
  }

  #leaving(name: string, line: Line): () => void {
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      const next = line.waiting.shift();
      if (next === undefined) this.#lines.delete(name);
      else next.end(true);
    };
  }
}

/** Sends the last and least urgent away, if it is less urgent than who comes. */
function givesWay({ waiting }: Line, rank: number): boolean {
  const last = waiting.at(-1);
  if (last === undefined || last.rank <= rank) return false;
  last.end(false);
  return true;
}

/** Resolves with whether it came to the head in time. */
function waitIn({ waiting }: Line, rank: number, withinMs: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const own: Waiting = {
      rank,
      end: (isHead) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", giveUp);
        const place = waiting.indexOf(own);
        if (place !== -1) waiting.splice(place, 1);
        resolve(isHead);
      },
    };
    const giveUp = () => own.end(false);
    const timer = setTimeout(giveUp, withinMs);
    signal.addEventListener("abort", giveUp, { once: true });
    const behind = waiting.findIndex((one) => one.rank > rank);
    waiting.splice(behind === -1 ? waiting.length : behind, 0, own);
  });
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
