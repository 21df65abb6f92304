/**
 * Asks for many in one go: at most one request runs, and all who ask meanwhile share the next one. What a caller gets was
 * read after it asked, so nothing that was known by then is missing, and a flood costs one request after the other with
 * `pauseMs` between them. A failed request fails those who share it, and no other.
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
