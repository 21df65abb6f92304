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
