/** Steps to undo at the end, or when the start fails; the last one first. */
export type Undo = (() => Promise<void>)[];

/** Does the work. If it fails, undoes the steps already done. */
export async function orUndone<T>(undo: Undo, work: (undo: Undo) => Promise<T>): Promise<T> {
  try {
    return await work(undo);
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}
