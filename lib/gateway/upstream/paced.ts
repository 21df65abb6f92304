/** Bytes of one body that are read before the event loop serves everything else, at least once. */
const TURN_BYTES = 128 * 1024;

/**
 * The chunks of a body. `onIdle` is called when a requested chunk does not arrive within `idleMs`. It must abort the
 * body, because the wait continues until then. With `pingMs`, null is yielded for every such span of silence before
 * that. Time without a pull does not count: a slow reader is not a silent provider. A provider that sends faster than it
 * is read does not keep the loop from other calls: after 128 KiB the next pull waits for the next turn.
 */
export function paced(body: AsyncIterable<Uint8Array>, options: Pace): AsyncIterableIterator<Uint8Array | null> {
  return new Paced(body[Symbol.asyncIterator](), options);
}

type Pace = { readonly idleMs: number; readonly onIdle: () => void; readonly pingMs?: number };
type Next = IteratorResult<Uint8Array | null>;

/** Written by hand: a generator and a timer per chunk would cost more than all other work on a chunk. */
class Paced implements AsyncIterableIterator<Uint8Array | null> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #pace: Pace;
  /** the pending pull */
  #asker: { readonly resolve: (next: Next) => void; readonly reject: (error: unknown) => void } | null = null;
  #isAsked = false;
  /** chunks or an error that arrived without a pull */
  #kept: Promise<Next> | null = null;
  #isOver = false;
  /** left of `TURN_BYTES` */
  #bytesLeft = TURN_BYTES;
  #waitedMs = 0;
  #spanMs = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(source: AsyncIterator<Uint8Array>, pace: Pace) {
    this.#source = source;
    this.#pace = pace;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Next> {
    if (this.#kept !== null) {
      const kept = this.#kept;
      this.#kept = null;
      return kept;
    }
    if (this.#isOver) return Promise.resolve(OVER);
    const answer = new Promise<Next>((resolve, reject) => {
      this.#asker = { resolve, reject };
    });
    if (!this.#isAsked) {
      this.#isAsked = true;
      this.#waitedMs = 0;
      if (this.#bytesLeft > 0) this.#pull();
      else {
        this.#bytesLeft = TURN_BYTES;
        setImmediate(this.#pull);
      }
    }
    this.#wait();
    return answer;
  }

  return(): Promise<Next> {
    this.#end();
    return Promise.resolve(OVER);
  }

  readonly #pull = (): void => {
    this.#source.next().then(this.#came, this.#failed);
  };

  readonly #came = (next: IteratorResult<Uint8Array>): void => {
    this.#isAsked = false;
    if (next.done === true) this.#end();
    else this.#bytesLeft -= next.value.byteLength;
    const answer = next.done === true ? OVER : next;
    const asker = this.#asker;
    this.#asker = null;
    if (asker === null) this.#kept = Promise.resolve(answer);
    else asker.resolve(answer);
  };

  readonly #failed = (error: unknown): void => {
    this.#end();
    const asker = this.#asker;
    this.#asker = null;
    if (asker !== null) asker.reject(error);
    else {
      this.#kept = Promise.reject(error);
      // The next pull gets it. Until then it must not count as unhandled.
      this.#kept.catch(() => undefined);
    }
  };

  /** One timer for all chunks: restarted with each, and ignored while no pull is pending. */
  #wait(): void {
    const { idleMs, pingMs = idleMs } = this.#pace;
    const spanMs = Math.min(pingMs, idleMs - this.#waitedMs);
    if (spanMs <= 0) return;
    if (this.#timer !== null && spanMs === this.#spanMs) {
      this.#timer.refresh();
      return;
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#spanMs = spanMs;
    this.#timer = setTimeout(() => this.#silent(), spanMs);
  }

  #silent(): void {
    const asker = this.#asker;
    if (asker === null || this.#isOver) return;
    const { idleMs, onIdle } = this.#pace;
    this.#waitedMs += this.#spanMs;
    if (this.#waitedMs >= idleMs) onIdle();
    else {
      this.#asker = null;
      asker.resolve({ done: false, value: null });
    }
  }

  #end(): void {
    this.#isOver = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
  }
}

const OVER: Next = { done: true, value: undefined };

/** The chunks of a body that nobody waits for, with the same turns left to others. */
export async function* inTurns(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let bytesLeft = TURN_BYTES;
  for await (const chunk of body) {
    yield chunk;
    bytesLeft -= chunk.byteLength;
    if (bytesLeft > 0) continue;
    bytesLeft = TURN_BYTES;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/**
 * All bytes of a body. Like `paced`, without pings. Null = more than `bytesMax`. The caller must close the body in any
 * case.
 */
export async function gathered(
  body: AsyncIterable<Uint8Array>,
  options: { idleMs: number; onIdle: () => void; bytesMax: number },
): Promise<Buffer | null> {
  const { idleMs, onIdle, bytesMax } = options;
  const iterator = body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const timer = setTimeout(onIdle, idleMs);
  try {
    for (;;) {
      const { done, value } = await iterator.next();
      if (done === true) break;
      timer.refresh();
      size += value.byteLength;
      if (size > bytesMax) return null;
      chunks.push(value);
    }
  } finally {
    clearTimeout(timer);
  }
  const [only, ...more] = chunks;
  return only !== undefined && more.length === 0
    ? Buffer.from(only.buffer, only.byteOffset, only.byteLength)
    : Buffer.concat(chunks);
}
