/**
 * Does the work for every item, one after the other: an item that fails stops no other. Rejects at the end with what
 * failed, when anything did.
 */
export async function eachAlone<T>(items: Iterable<T>, work: (item: T) => Promise<void>): Promise<void> {
  const faults: unknown[] = [];
  for (const item of items) {
    await work(item).catch((error: unknown) => faults.push(error));
  }
  const [first] = faults;
  if (faults.length === 1) throw first;
  if (faults.length > 1) throw new AggregateError(faults, `${faults.length} failed; the first: ${wordsOf(first)}`);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
