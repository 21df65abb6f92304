/**
 * Coalesces requests: at most one runs, and all callers in between share the next. A caller's result is read after its
 * call, so it is never stale, and a flood costs one request after the other with `pauseMs` between them. A failed
 * request fails only its callers.
 */
export function coalesced<Id, Answer>(
  request: (ids: readonly Id[]) => Promise<Answer>,
  pauseMs: number,
): (id: Id) => Promise<Answer> {
  const pause = () => new Promise<void>((resolve) => void setTimeout(resolve, pauseMs));
  let running: Promise<void> = Promise.resolve();
  let next: { readonly ids: Set<Id>; readonly answer: Promise<Answer> } | null = null;
  return (id) => {
    if (next === null) {
      const ids = new Set<Id>();
      const answer = running.then(() => {
        next = null;
        return request([...ids]);
      });
      running = answer.then(pause, pause);
      next = { ids, answer };
    }
    next.ids.add(id);
    return next.answer;
  };
}
