/** What is to be undone at the end, or when the start fails: the last first. */
export type Undo = (() => Promise<void>)[];

/** Does the work, or undoes what of it was done. */
export async function orUndone<T>(undo: Undo, work: (undo: Undo) => Promise<T>): Promise<T> {
  try {
    return await work(undo);
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}
