/**
 * The chunks of a body. `onIdle` is called when one is not there within `idleMs` of being asked for; it has to break the
 * body, as the wait goes on until it does. With `pingMs`, null comes for every such span of silence before that. Time in
 * which nobody asks does not count: a slow reader is not a silent provider.
 */
export async function* paced(
  body: AsyncIterable<Uint8Array>,
  options: { idleMs: number; onIdle: () => void; pingMs?: number },
): AsyncGenerator<Uint8Array | null> {
  const { idleMs, pingMs = idleMs, onIdle } = options;
  const iterator = body[Symbol.asyncIterator]();
  for (;;) {
    const next = iterator.next();
    // It is awaited below; until then it must not count as unhandled.
    next.catch(() => undefined);
    for (let waitedMs = 0; waitedMs < idleMs; ) {
      const spanMs = Math.min(pingMs, idleMs - waitedMs);
      if (await settledWithin(next, spanMs)) break;
      waitedMs += spanMs;
      if (waitedMs < idleMs) yield null;
      else onIdle();
    }
    const { done, value } = await next;
    if (done === true) return;
    yield value;
  }
}

/**
 * All bytes of a body. Like `paced`, without pings. Null: there are more than `bytesMax`. The
 * body is left to its holder in any case.
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

function settledWithin(promise: Promise<unknown>, ms: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), ms);
    const settled = () => {
      clearTimeout(timer);
      resolve(true);
    };
    promise.then(settled, settled);
  });
}
